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
    "label_words",
    "link",
    "meaning_of",
    "probability_of",
    "probability_said",
    "regime_meaning",
    "required_dimension",
    "verdict",
    "verdict_sentences",
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
# Names of label columns that say nothing.
_NO_NAMES = ("label", "target", "class", "col", "unnamed")


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


def label_words(data: DataSummary) -> str:
    """What the labels are called in a sentence: the one that has a telling name, else all.

    Examples
    --------
    >>> label_words(DataSummary(9, 9, 2, 2, "rna", "protein", (("cell type", "classes"),), (2, 2)))
    'cell type'
    >>> label_words(DataSummary(9, 9, 2, 2, "rna", "protein", (("label", "classes"),), (2, 2)))
    'the labels'
    """
    names = [shorten(name) for name, _ in data.labels]
    if len(names) != 1 or names[0].lower().startswith(_NO_NAMES) or len(names[0]) < 2:
        return "the labels"
    return names[0]


def regime_meaning(
    regime: Regime, data: DataSummary, nuisance: str = "", predicted: str = ""
) -> str:
    """What a regime says about aligning, and about predicting y from x.

    Parameters
    ----------
    regime : Regime
    data : DataSummary
        Where the names come from.
    nuisance, predicted : str, default ""
        What the strongest nuisance of alignment, and of the prediction, is, if it has a name.

    Examples
    --------
    >>> data = DataSummary(9, 9, 2, 2, "RNA", "protein", (("cell type", "classes"),), (2, 2))
    >>> regime_meaning(Regime.CP_ONLY, data)
    'Aligning would learn shared nuisance, not cell type.'
    >>> regime_meaning(Regime.CP_ONLY, data, "batch")
    'Aligning would learn batch, not cell type.'
    """
    label = label_words(data)
    learnt = nuisance or "shared nuisance"
    predicting = f"predicting {shorten(data.y_name)} from {shorten(data.x_name)}"
    return {
        Regime.BOTH: f"Aligning and {predicting} both lift {label} above shared nuisance.",
        Regime.CA_ONLY: (
            f"P{predicting[1:]} would learn {predicted or 'shared nuisance'}, not {label}."
        ),
        Regime.CP_ONLY: f"Aligning would learn {learnt}, not {label}.",
        Regime.NEITHER: (
            f"Neither aligning nor {predicting} lifts all of the labels' signal above {learnt}."
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
        the point estimate that it is. What the probability is of: see
        :func:`probability_said`.
    """
    return " ".join(verdict_sentences(d))


def verdict_sentences(d: Diagnosis) -> tuple[str, ...]:
    """The parts of the verdict: what to train and how surely, then why.

    Parameters
    ----------
    d : Diagnosis
    """
    advice = d.recommendation
    order = choice(advice, d.data)
    if d.settings.estimator == "published":
        return (
            f"{order}.",
            f"A point estimate without uncertainty: regime {d.regime}, "
            f"Δ = {number(d.alignment.delta)} for alignment and "
            f"{number(d.prediction_xy.delta)} for predicting "
            f"{shorten(d.data.y_name)} from {shorten(d.data.x_name)}.",
        )
    said = [order, _why(d, advice)]
    if _is_sure(advice):
        how = f"probability {probability(advice.confidence)}"
        said[0] = f"{order} ({how})." if advice.confidence < 0.5 else f"{order}: {how}."
    if d.regime is Regime.UNDETERMINED:
        said.append(_undetermined(d))
    elif any(finding.code == "verdict-unstable" for finding in d.warnings):
        said.append("The regime hangs on choices made: see the stability panel.")
    return tuple(closed(sentence) for sentence in said if sentence)


def probability_said(d: Diagnosis) -> str:
    """What the probability in the verdict is of; empty where there is none.

    Parameters
    ----------
    d : Diagnosis
    """
    advice = d.recommendation
    if not _is_sure(advice) or d.settings.estimator == "published":
        return ""
    where = " on held-out rows" if d.outlook else ""
    means = probability_of(advice, outlook=bool(d.outlook))
    return f"{probability(advice.confidence)} is the probability {means}{where}."


def meaning_of(d: Diagnosis, regime: Regime) -> str:
    """What a regime says, with the names of this diagnosis's strongest nuisances.

    Parameters
    ----------
    d : Diagnosis
    regime : Regime
    """
    align, predict = (nuisance_name(d, o) for o in (Objective.ALIGN, Objective.PREDICT_XY))
    return regime_meaning(regime, d.data, align, predict)


def _is_sure(advice: Recommendation) -> bool:
    """Whether a probability goes with the recommendation."""
    return advice.objective != "collect more data" and not math.isnan(advice.confidence)


def _why(d: Diagnosis, advice: Recommendation) -> str:
    """One sentence: the regime if it accounts for the advice, else what decided."""
    if advice.objective in _EXPLAINED_BY[d.regime] and (
        advice.objective in _TRAINED or not d.outlook
    ):
        return meaning_of(d, d.regime)
    if advice.objective not in (*_TRAINED, "collect more data") and d.outlook:
        return "No cross-modal objective is expected to do better on held-out rows."
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
