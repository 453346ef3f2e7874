"""Plain sentences: the verdict first, then what each number means."""

from __future__ import annotations

import math

from crossphase.report.panels import nuisance_name
from crossphase.results import DataSummary, Diagnosis, Recommendation, Separation
from crossphase.results.formatting import number, probability
from crossphase.results.names import shorten
from crossphase.results.outlook import MARGIN
from crossphase.theory.regimes import Objective, Regime

__all__ = [
    "action",
    "choice",
    "closed",
    "link",
    "probability_of",
    "regime_meaning",
    "required_dimension",
    "verdict",
]

# Recommendations that the regime by itself accounts for.
_EXPLAINED_BY = {
    Regime.BOTH: {"align", "predict x->y"},
    Regime.CA_ONLY: {"align"},
    Regime.CP_ONLY: {"predict x->y"},
    Regime.NEITHER: {"unimodal x", "unimodal y", "concatenate"},
    Regime.UNDETERMINED: set[str](),
}
_TRAINED = ("align", "predict x->y", "predict y->x")


def action(objective: str, data: DataSummary) -> str:
    """A recommended objective as an order, with the modalities' names.

    Parameters
    ----------
    objective : str
        As in :attr:`Recommendation.objective`.
    data : DataSummary
        Where the names come from.

    Examples
    --------
    >>> data = DataSummary(9, 9, 2, 2, "rna", "protein", (), (2, 2))
    >>> action("predict y->x", data)
    'Predict rna from protein'
    """
    x, y = shorten(data.x_name), shorten(data.y_name)
    return {
        "align": f"Align {x} and {y}",
        "predict x->y": f"Predict {y} from {x}",
        "predict y->x": f"Predict {x} from {y}",
        "unimodal x": f"Stay with {x} alone",
        "unimodal y": f"Stay with {y} alone",
        "concatenate": f"Concatenate {x} and {y}",
        "collect more data": "Collect more data before training",
    }[objective]


def regime_meaning(regime: Regime, data: DataSummary, nuisance: str = "") -> str:
    """What a regime says about aligning, and about predicting y from x.

    Parameters
    ----------
    regime : Regime
    data : DataSummary
        Where the names come from.
    nuisance : str, default ""
        What the strongest nuisance of alignment is, if it has a name.

    Examples
    --------
    >>> data = DataSummary(9, 9, 2, 2, "rna", "protein", (), (2, 2))
    >>> regime_meaning(Regime.CP_ONLY, data)
    'Aligning would learn shared nuisance rather than the labels.'
    >>> regime_meaning(Regime.CP_ONLY, data, "batch")
    'Aligning would learn batch rather than the labels.'
    """
    learnt = nuisance or "shared nuisance"
    predicting = f"predicting {shorten(data.y_name)} from {shorten(data.x_name)}"
    return {
        Regime.BOTH: f"Aligning and {predicting} both lift the labels above shared nuisance.",
        Regime.CA_ONLY: (f"P{predicting[1:]} would learn shared nuisance rather than the labels."),
        Regime.CP_ONLY: f"Aligning would learn {learnt} rather than the labels.",
        Regime.NEITHER: (
            f"Neither aligning nor {predicting} lifts all of the labels' signal above "
            "shared nuisance."
        ),
        Regime.UNDETERMINED: "The data cannot tell which regime holds.",
    }[regime]


def choice(advice: Recommendation, data: DataSummary) -> str:
    """What to train, as an order; where nothing stands out, the choice that commits to least.

    Parameters
    ----------
    advice : Recommendation
    data : DataSummary
        Where the names come from.

    Examples
    --------
    >>> data = DataSummary(9, 9, 2, 2, "rna", "protein", (), (2, 2))
    >>> choice(Recommendation("x", "unimodal x", 0.4, ()), data)
    'No clear difference: stay with rna alone, the simplest choice'
    """
    order = action(advice.objective, data)
    if not _is_sure(advice) or advice.confidence >= 0.5:
        return order
    why = {"unimodal x": "the simplest choice", "unimodal y": "the simplest choice",
           "concatenate": "the safest choice"}  # fmt: skip
    reason = why.get(advice.objective, "one of several that gain")
    return f"No clear difference: {order[0].lower()}{order[1:]}, {reason}"


def probability_of(advice: Recommendation, *, outlook: bool) -> str:
    """What the probability of a recommendation is the probability of.

    Parameters
    ----------
    advice : Recommendation
    outlook : bool
        Whether there is an outlook; the regime decides otherwise.

    Examples
    --------
    >>> probability_of(Recommendation("x", "align", 0.9, ()), outlook=True)
    'that nothing else scores more than 0.01 better'
    """
    if outlook:
        return f"that nothing else scores more than {MARGIN:g} better"
    if advice.objective in _TRAINED:
        return "that it recovers the signal"
    return "that cross-modal training would not recover the signal"


def link(d: Diagnosis) -> str:
    """How the regime and a recommendation that it does not suggest go together.

    Parameters
    ----------
    d : Diagnosis

    Returns
    -------
    str
        Empty where one follows from the other, or nothing is known of held-out rows.
    """
    objective = d.recommendation.objective
    if not d.outlook or objective == "collect more data" or d.regime is Regime.UNDETERMINED:
        return ""
    x, y = shorten(d.data.x_name), shorten(d.data.y_name)
    if objective in _TRAINED:
        if objective in _EXPLAINED_BY[d.regime]:
            return ""
        return "It gains on held-out rows all the same: part of the signal is enough for that."
    finds = {
        Regime.BOTH: "Either would find the signal",
        Regime.CA_ONLY: "Aligning would find the signal",
        Regime.CP_ONLY: f"Predicting {y} from {x} would find the signal",
    }.get(d.regime)
    if finds is None:
        return ""
    shows = {"unimodal x": f"{x} alone already shows", "unimodal y": f"{y} alone already shows"}
    return f"{finds}, but {shows.get(objective, 'the two side by side already show')} it as well."


def verdict(d: Diagnosis) -> str:
    """What to train, how sure that is, and why, in one to three short sentences.

    Parameters
    ----------
    d : Diagnosis

    Returns
    -------
    str
        The recommendation for ``d.settings.deploy`` comes first. A regime that is
        undetermined is said with its reason; the published estimator's verdict is called
        the point estimate that it is.
    """
    advice = d.recommendation
    order = choice(advice, d.data)
    if d.settings.estimator == "published":
        return (
            f"{order}. A point estimate without uncertainty: regime {d.regime}, "
            f"Δ = {number(d.alignment.delta)} for alignment and "
            f"{number(d.prediction_xy.delta)} for predicting "
            f"{shorten(d.data.y_name)} from {shorten(d.data.x_name)}."
        )
    said = [order, _why(d, advice)]
    if _is_sure(advice):
        means = probability_of(advice, outlook=bool(d.outlook))
        how = probability(advice.confidence)
        if advice.confidence < 0.5:
            said[0] = f"{order} (probability {how} {means})."
        else:
            said[0] = f"{order}: probability {how} {means}."
    if d.regime is Regime.UNDETERMINED:
        said.append(_undetermined(d))
    elif any(finding.code == "verdict-unstable" for finding in d.warnings):
        said.append("The regime hangs on choices made: see the stability panel.")
    return " ".join(closed(sentence) for sentence in said if sentence)


def _is_sure(advice: Recommendation) -> bool:
    """Whether a probability goes with the recommendation."""
    return advice.objective != "collect more data" and not math.isnan(advice.confidence)


def _why(d: Diagnosis, advice: Recommendation) -> str:
    """One sentence: the regime if it accounts for the advice, else what decided."""
    if advice.objective in _EXPLAINED_BY[d.regime] and (
        advice.objective in _TRAINED or not d.outlook
    ):
        return regime_meaning(d.regime, d.data, nuisance_name(d))
    if advice.objective not in (*_TRAINED, "collect more data") and d.outlook:
        return "No cross-modal objective is credibly better on held-out rows."
    decisive = advice.reasons[0] if advice.reasons else ""
    said_anyway = d.regime is Regime.UNDETERMINED and decisive == d.undetermined_reason
    return "" if said_anyway else decisive


def required_dimension(separation: Separation) -> str:
    """The required latent dimension of one objective, in words.

    Parameters
    ----------
    separation : Separation

    Returns
    -------
    str
    """
    need = separation.required_dim
    doing = "Alignment" if separation.objective is Objective.ALIGN else "This prediction"
    if need == 0:
        return f"{doing} shows no signal component, so no latent dimension would help."
    low, high = separation.required_dim_interval
    between = f" (between {low} and {high})" if low < high else ""
    n_signal = int(separation.is_signal.sum())
    if need <= n_signal:
        plural = "s come" if need > 1 else " comes"
        return (
            f"{doing} keeps the whole signal from a latent dimension of {need}{between}: "
            f"its signal component{plural} first."
        )
    n_nuisance = need - n_signal
    plural = "s" if n_nuisance > 1 else ""
    return (
        f"{doing} keeps the whole signal only from a latent dimension of {need}{between}, "
        f"together with {n_nuisance} stronger nuisance component{plural}."
    )


def _undetermined(d: Diagnosis) -> str:
    reason = d.undetermined_reason or "no regime is probable enough."
    likely = d.most_likely_regime
    return (
        f"The regime cannot be told (most likely {likely}, "
        f"{probability(d.probabilities[str(likely)])}): {_uncapitalised(reason)}"
    )


def _uncapitalised(sentence: str) -> str:
    """Lower the first letter, unless the first word is an acronym or a symbol."""
    first = sentence.split(" ", 1)[0]
    plain = first[:1].isupper() and first[1:].islower()
    return sentence[:1].lower() + sentence[1:] if plain else sentence


def closed(text: str) -> str:
    """A text with a full stop, unless it has one.

    Examples
    --------
    >>> closed("no outlook"), closed("Δ is 1.")
    ('no outlook.', 'Δ is 1.')
    """
    return text if text.endswith((".", "!", "?")) else f"{text}."
