"""What to train, for each set of modalities that may be at hand.

The rules, in order, are the decision table of ``docs/recommendations.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from crossphase.config import Settings
from crossphase.diagnosis.options import Option, Options, options_for
from crossphase.diagnosis.reasons import Names
from crossphase.outlook import Outlook
from crossphase.results.outlook import MARGIN, Recommendation, View
from crossphase.results.separation import Separation

__all__ = ["recommend"]

#: Share of the error that a gain may have where no shared component is related to the labels.
_STRICTER = 0.2


def recommend(
    outlook: Outlook | None,
    probabilities: Mapping[str, float],
    probabilities_yx: Mapping[str, float],
    separations: Sequence[Separation],
    *,
    settings: Settings | None = None,
    x_name: str = "x",
    y_name: str = "y",
    unrelated: float | None = None,
    all_labelled: bool = False,
    enough: Literal["x", "y"] | None = None,
) -> dict[str, Recommendation]:
    """Recommend an objective for x, y, or both at hand.

    Parameters
    ----------
    outlook : Outlook or None
        None, or one without rows, leaves the regime to decide.
    probabilities : mapping of str to float
        Of the four regimes over alignment and prediction x→y.
    probabilities_yx : mapping of str to float
        The same with prediction y→x.
    separations : sequence of Separation
        Of any of the three objectives; they explain the recommendation.
    settings : Settings or None, default None
        `level` is that of the intervals, `confidence` the probability the regime must reach
        where it decides alone. None takes the defaults.
    x_name, y_name : str
        What the modalities are called in the reasons.
    unrelated : float or None, default None
        p-value of the test against "no shared component carries any label" where that is not
        rejected. A gain then has to be credible at a level with a fifth of the error, and
        without an outlook nothing but more data is recommended.
    all_labelled : bool, default False
        Whether no unlabelled pairs are left to label.
    enough : {"x", "y"} or None, default None
        The modality that the other is a linear function of. A gain then has to be credible, and
        without an outlook nothing is trained.

    Returns
    -------
    dict
        Recommendations by ``"x"``, ``"y"`` and ``"both"``.

    Examples
    --------
    >>> p = {"Both": 0.05, "CA only": 0.9, "CP only": 0.0, "Neither": 0.05}
    >>> recommend(None, p, p, (), x_name="RNA", y_name="protein")["x"].objective
    'align'
    """
    settings = settings or Settings()
    names = Names(x_name, y_name, all_labelled=all_labelled)
    by_objective = {str(s.objective): s for s in separations}
    views: tuple[View, ...] = ("x", "y", "both")
    if outlook is None or not outlook.rows:
        recovery = _recovery(probabilities, probabilities_yx)
        return {
            view: _from_copies(view, enough, names)
            if enough is not None and unrelated is None
            else _from_regime(view, recovery, by_objective, settings.confidence, names, unrelated)
            for view in views
        }
    level = settings.level if unrelated is None else 1.0 - _STRICTER * (1.0 - settings.level)
    return {
        view: _from_outlook(
            view,
            options_for(outlook, view, level, enough=enough),
            outlook.n_labelled,
            by_objective,
            settings.confidence,
            names,
            unrelated,
            certain=unrelated is not None or enough is not None,
        )
        for view in views
    }


def _from_outlook(
    deploy: View,
    options: Options,
    n_labelled: int,
    separations: Mapping[str, Separation],
    confidence: float,
    names: Names,
    unrelated: float | None,
    *,
    certain: bool,
) -> Recommendation:
    best = max(options.all, key=lambda option: option.score)
    rival = max(options.cross_modal, key=lambda option: option.expected)
    promising = [option for option in options.cross_modal if option.promises]
    helping = [
        option
        for option in promising
        if option.risk <= 1.0 - confidence and (option.helps or not certain)
    ]
    stay = options.staying
    chosen: Option | None = None
    if not any(option.above_chance for option in options.all):
        sure = float((best.draws <= best.chance + MARGIN).mean())
        return Recommendation(
            deploy, "collect more data", sure, (names.chance(best, deploy, n_labelled),)
        )
    if helping:
        chosen = max(helping, key=lambda option: option.expected)
        sure = options.probability_best(chosen)
        reasons = [names.gain(chosen, deploy)]
        if not chosen.helps:
            reasons.append(names.likely(chosen))
    elif promising:
        sure = 1.0 - options.probability_best(stay)
        reasons = [names.promising(rival, deploy, sure, risky=rival.risk > 1.0 - confidence)]
    elif all(option.undecided for option in options.cross_modal) and not _settled(options):
        sure = 1.0 - max(options.probability_best(option) for option in options.all)
        reasons = [names.undecided(rival, n_labelled)]
    else:
        chosen, sure = stay, options.probability_best(stay)
        reasons = [names.stay(chosen, deploy, rival)]
        rest = [option for option in options.unimodal if option is not chosen]
        if rest:
            reasons.append(names.single(chosen, rest))
            if chosen.objective == "concatenate" and max(o.score for o in rest) > chosen.score:
                reasons.append(names.together(chosen))
    mentioned = chosen if helping else rival
    reasons += [
        names.gain(option, deploy)
        for option in options.cross_modal
        if option.harms and option is not mentioned
    ]
    nonlinear = None if chosen is None else names.nonlinear(chosen)
    if nonlinear is not None:
        reasons.append(nonlinear)
    if unrelated is not None:
        # The ratios would speak of a signal that was not found.
        reasons.append(names.unrelated_but(unrelated, helps=bool(helping)))
        separations = {}
    explained = [option for option in options.cross_modal if not helping or option is chosen]
    reasons += [
        names.regime(separations[option.objective])
        for option in explained
        if option.objective in separations
    ]
    objective = "collect more data" if chosen is None else chosen.objective
    return Recommendation(deploy, objective, sure, tuple(reasons))


def _settled(options: Options) -> bool:
    """Whether, with both at hand, one option that trains nothing is clearly the best such."""
    untrained = Options(options.unimodal, (), options.staying)
    return len(options.unimodal) > 1 and untrained.probability_best(options.staying) >= 0.5


def _recovery(
    probabilities: Mapping[str, float], probabilities_yx: Mapping[str, float]
) -> dict[str, float]:
    """Probability that each objective recovers the signal."""
    return {
        "align": probabilities["Both"] + probabilities["CA only"],
        "predict x->y": probabilities["Both"] + probabilities["CP only"],
        "predict y->x": probabilities_yx["Both"] + probabilities_yx["CP only"],
    }


def _from_copies(deploy: View, enough: Literal["x", "y"], names: Names) -> Recommendation:
    objective = f"unimodal {enough if deploy == 'both' else deploy}"
    return Recommendation(deploy, objective, 1.0, (names.copies(enough),))


def _from_regime(
    deploy: View,
    recovery: Mapping[str, float],
    separations: Mapping[str, Separation],
    confidence: float,
    names: Names,
    unrelated: float | None,
) -> Recommendation:
    usable = {
        "x": ("align", "predict x->y"),
        "y": ("align", "predict y->x"),
        "both": ("align",),
    }[deploy]
    candidates = {name: recovery[name] for name in usable}
    best = max(candidates, key=lambda name: candidates[name])
    likely = candidates[best]
    if unrelated is not None:
        reason = names.unrelated(unrelated)
        return Recommendation(deploy, "collect more data", 1.0 - likely, (reason,))
    explanation = [names.regime(separations[name]) for name in usable if name in separations]
    if likely >= confidence:
        objective, sure = best, likely
        decisive = names.regime_only(best, likely)
    elif likely <= 1.0 - confidence:
        objective = "concatenate" if deploy == "both" else f"unimodal {deploy}"
        sure = 1.0 - likely
        decisive = names.regime_against(candidates)
    else:
        objective, sure = "collect more data", 1.0 - max(likely, 1.0 - likely)
        decisive = names.regime_open(candidates)
    return Recommendation(deploy, objective, sure, (decisive, *explanation))
