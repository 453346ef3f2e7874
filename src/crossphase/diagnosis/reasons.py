"""Sentences that say why something is recommended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from crossphase.diagnosis.options import Option
from crossphase.results.formatting import interval, number, p_value, percent, probability, signed
from crossphase.results.names import shorten
from crossphase.results.outlook import MARGIN, View
from crossphase.results.separation import Interval, Separation

__all__ = ["Names"]

_NONLINEAR_GAIN = 0.02


class Names:
    """Sentences about two modalities under the names the user gave them."""

    def __init__(self, x: str, y: str, *, all_labelled: bool = False) -> None:
        x, y = shorten(x), shorten(y)
        self._more = "collect more pairs" if all_labelled else "label more rows"
        self._more_of_all = f"{'' if all_labelled else 'label more rows or '}collect more pairs"
        self.view: Mapping[View, str] = {"x": x, "y": y, "both": f"{x} and {y}"}
        self._doing = {
            "align": f"aligning {x} with {y}",
            "predict x->y": f"predicting {y} from {x}",
            "predict y->x": f"predicting {x} from {y}",
            "unimodal x": f"{x} by itself",
            "unimodal y": f"{y} by itself",
            "concatenate": f"the concatenation of {x} and {y}",
        }

    def gain(self, option: Option, deploy: View) -> str:
        """What training would change, with its interval."""
        verb = "raise" if option.helps else "lower" if option.harms else "change"
        harm = ": it would harm" if option.harms else ""
        return (
            f"{_capital(self._doing[option.objective])} is expected to {verb} the held-out "
            f"{option.metric} of untrained features with {self.view[deploy]} at hand from "
            f"{option.score - option.gain:.3f} to {option.score:.3f} "
            f"({signed(option.gain)}, {_span(option.gain_interval, sign=True)}){harm}."
        )

    def stay(self, option: Option, deploy: View, best: Option) -> str:
        """Why nothing cross-modal is trained: too little is expected of it."""
        harm = ": it would harm" if best.harms else ""
        return (
            "No cross-modal objective is expected to gain a point over "
            f"{self._doing[option.objective]}, which scores {option.score:.3f} "
            f"({_span(option.interval)}) on held-out rows; the best of them with "
            f"{self.view[deploy]} at hand, {self._doing[best.objective]}, scores {best.score:.3f} "
            f"({signed(best.gain)}, {_span(best.gain_interval, sign=True)}){harm}."
        )

    def single(self, option: Option, others: Sequence[Option]) -> str:
        """How the options that train nothing compare when both modalities are at hand."""
        rest = ", ".join(f"{o.score:.3f} for {self._doing[o.objective]}" for o in others)
        return (
            f"With both at hand {self._doing[option.objective]} scores {option.score:.3f}, "
            f"against {rest}."
        )

    def together(self, option: Option) -> str:
        """Why the concatenation is preferred to a modality that scores about the same."""
        return (
            f"One modality alone scores no more than {MARGIN:.2f} better, so "
            f"{self._doing[option.objective]} loses nothing."
        )

    def likely(self, option: Option) -> str:
        """Why a gain whose interval reaches zero is worth training for."""
        return (
            "The gain is likely, not certain: shrunk by what is not known of it, "
            f"{signed(option.expected)} is expected, and a loss of more than {MARGIN:.2f} has "
            f"probability {probability(option.risk)}."
        )

    def chance(self, option: Option, deploy: View, n_labelled: int) -> str:
        """Why nothing can be said: no option beats chance."""
        return (
            f"With {n_labelled} labelled rows nothing made of {self.view[deploy]} predicts the "
            f"labels credibly better than chance ({option.chance:.3f}): the best scores "
            f"{option.score:.3f} ({_span(option.interval)})."
        )

    def undecided(self, option: Option, n_labelled: int) -> str:
        """Why nothing can be said: gains and losses are both open."""
        return (
            f"With {n_labelled} labelled rows a clear gain and a clear loss are both possible: "
            f"{self._doing[option.objective]} changes the held-out {option.metric} by "
            f"{signed(option.gain)} ({_span(option.gain_interval, sign=True)})."
        )

    def promising(self, option: Option, deploy: View, likely: float, *, risky: bool) -> str:
        """Why nothing is said yet: a gain is likely, but its interval includes zero."""
        but = (
            f"it may also lose as much (probability {probability(option.risk)})"
            if risky
            else "here a gain counts only if its whole interval lies above zero"
        )
        return (
            f"{_capital(self._doing[option.objective])} would probably gain with "
            f"{self.view[deploy]} at hand ({signed(option.gain)}, "
            f"{_span(option.gain_interval, sign=True)}), and staying without it would forgo "
            f"more than a point with probability {probability(likely)}; since {but}, "
            f"{self._more} before training."
        )

    def nonlinear(self, chosen: Option) -> str | None:
        """Whether the choice hangs on a nonlinear encoder."""
        linear, lifted = chosen.by_kind.get("linear"), chosen.by_kind.get("lifted")
        if linear is None or lifted is None or lifted - linear < _NONLINEAR_GAIN:
            return None
        return (
            f"Nonlinear features matter: with them {self._doing[chosen.objective]} scores "
            f"{lifted:.3f}, with linear ones {linear:.3f}."
        )

    def regime(self, separation: Separation) -> str:
        """What the separation ratio of an objective says."""
        doing = _capital(self._doing[str(separation.objective)])
        ends, likely = separation.interval, separation.probability
        how = f"Δ = {number(separation.delta)}, {_span(ends, digits=2)}"
        surely = f" with probability {probability(max(likely, 1.0 - likely))}"
        if ends.lower == ends.upper and likely in (0.0, 1.0):
            # The published estimator says nothing of its uncertainty.
            how, surely = f"Δ = {number(separation.delta)}, a point estimate", ""
        if likely >= 0.5:
            return f"{doing} separates the whole signal from nuisance{surely} ({how})."
        partly = (
            f"; {separation.recovery} of its {int(separation.is_signal.sum())} signal components "
            "already lie above every nuisance, "
            f"and a latent dimension of {separation.required_dim} would keep them all"
            if separation.recovery and separation.required_dim
            else ""
        )
        return f"{doing} leaves some signal below nuisance{surely} ({how}){partly}."

    def regime_only(self, objective: str, likely: float) -> str:
        """The decisive sentence where there is no outlook."""
        return (
            f"{_capital(self._doing[objective])} recovers the signal with probability "
            f"{probability(likely)}; no outlook was computed, so this rests on the regime alone."
        )

    def regime_against(self, objectives: Mapping[str, float]) -> str:
        """No objective recovers the signal, by the regime alone."""
        rest = " and ".join(
            f"{self._doing[name]} ({probability(p)})" for name, p in objectives.items()
        )
        return (
            f"Recovery of the signal is improbable for {rest}; no outlook was computed, so "
            "this rests on the regime alone."
        )

    def regime_open(self, objectives: Mapping[str, float]) -> str:
        """The regime alone does not decide."""
        rest = " and ".join(
            f"{self._doing[name]} ({probability(p)})" for name, p in objectives.items()
        )
        return (
            f"The data do not say whether the signal is recovered by {rest}, and no outlook was "
            f"computed: {self._more_of_all}."
        )

    def copies(self, enough: Literal["x", "y"]) -> str:
        """One modality is a linear function of the other, and there is no outlook."""
        held, holder = self.view["y" if enough == "x" else "x"], self.view[enough]
        return (
            f"{_capital(held)} is a linear function of {holder}, so training one with the other "
            "has nothing to gain."
        )

    def unrelated(self, likely: float) -> str:
        """No shared component was found to carry the labels, and there is no outlook."""
        return (
            f"No shared component is credibly related to the labels ({p_value(likely)}), so "
            "nothing says that cross-modal training would help, and no outlook was computed: check "
            f"the pairing and the labels, {self._more_of_all}."
        )

    def unrelated_but(self, likely: float, *, helps: bool) -> str:
        """The same beside an outlook."""
        seen = f"No shared component is credibly related to the labels ({p_value(likely)})"
        if not helps:
            return f"{seen}, so nothing says that what the modalities share helps them."
        return (
            f"{seen}: the gain rests on what that linear test does not see, nonlinear features or "
            "shared components too weak to be detected. Check it with a small trained model."
        )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _span(given: Interval, *, sign: bool = False, digits: int = 3) -> str:
    return f"{percent(given.level)} interval {interval(given, digits=digits, sign=sign)}"
