"""What the tables of all pairs say: rules compared, harm foretold, gains foretold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from crossphase import datasets
from crossphase.experiments.scoreboard.cell import DEPLOYS, OPTIONS
from crossphase.experiments.table import Columns, Table
from crossphase.results.outlook import MARGIN

__all__ = [
    "RULES",
    "Agreement",
    "HarmCount",
    "RuleScore",
    "agreement",
    "gains",
    "halves",
    "harm_count",
    "hindsight",
    "option_names",
    "rule_score",
    "situations",
    "sure_share",
    "tables_of_set",
]

Array = NDArray[np.float64]

RULES = (
    "recommended",
    "published estimator",
    "always align",
    "always predict",
    "never cross-modal",
    "train all, choose by labels",
)
"""`always predict` predicts from the modality at hand; with both, it lays them side by side. The
last is no advice before training: everything is trained, and the option taken that
cross-validation of the same labels prefers."""

_STAYING = {"x": "unimodal x", "y": "unimodal y", "both": "concatenate"}
_PREDICT = {"x": "predict x->y", "y": "predict y->x", "both": "concatenate"}
_CROSS_MODAL = ("align", "predict x->y", "predict y->x")
_SURE = 0.8
_BEYOND = 0.02
_N_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class RuleScore:
    """How one rule fares over situations.

    Attributes
    ----------
    rule : str
    n : int
        Situations: pair, label, split, and what is at hand.
    best_or_tied : float
        Share in which the rule's option is best, within a point of it, or within noise.
    best_or_tied_interval : tuple of float
        Over pairs drawn again; pairs of one set share a view and rows, so it is narrow.
    within_point : float
        Share in which it is best or within a point of it, whatever the noise.
    regret : float
        Mean loss to the best option, in the metric's units.
    regret_interval : tuple of float
    harms : float
        Share in which its option is cross-modal and clearly worse than staying.
    best_or_tied_by_set, regret_by_set : float
        Means over sets, each the mean of its own situations.
    """

    rule: str
    n: int
    best_or_tied: float
    best_or_tied_interval: tuple[float, float]
    within_point: float
    regret: float
    regret_interval: tuple[float, float]
    harms: float
    best_or_tied_by_set: float
    regret_by_set: float


@dataclass(frozen=True, slots=True)
class HarmCount:
    """Cross-modal options that training showed to harm clearly.

    Attributes
    ----------
    options, harmful : int
        Cross-modal options scored, and those that harm.
    foretold : int
        Harmful ones whose outlook lies below zero with its interval.
    advised : int
        Harmful ones that were recommended all the same.
    advised_surely : int
        These with a confidence of 0.8 or more.
    false_alarms : int
        Options foretold to harm that gained two points or more.
    """

    options: int
    harmful: int
    foretold: int
    advised: int
    advised_surely: int
    false_alarms: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Foretold gains beside trained ones, means over splits of each code.

    Attributes
    ----------
    kind : {"linear", "lifted"}
    n : int
    correlation, rank_correlation : float
        Pearson's and Spearman's; a score that a few rows ruin hardly moves the second.
    sign_right : float
        Share of right signs where training moved the score by more than two points.
    n_beyond : int
        Codes that did.
    mean_error, bias : float
    """

    kind: str
    n: int
    correlation: float
    rank_correlation: float
    sign_right: float
    n_beyond: int
    mean_error: float
    bias: float


def tables_of_set(tables: Sequence[Table]) -> dict[str, list[Table]]:
    """Tables by the dataset in their names."""
    found: dict[str, list[Table]] = {}
    for table in tables:
        found.setdefault(table.name.partition(".")[0], []).append(table)
    return found


def halves(tables: Sequence[Table]) -> dict[str, list[Table]]:
    """Tables of the sets that rules were chosen on, and of those that only report.

    The first, third, fifth ... set of the catalogue chooses.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    dict of str to list of Table
        By ``"chose"`` and ``"report"``.
    """
    chose = datasets.names()[::2]
    found: dict[str, list[Table]] = {"chose": [], "report": []}
    for name, part in tables_of_set(tables).items():
        found["chose" if name in chose else "report"] += part
    return found


def situations(table: Table) -> Iterator[tuple[str, Columns]]:
    """What is at hand, and the options' rows, of every label and split.

    Parameters
    ----------
    table : Table
    """
    keys = np.column_stack([table["seed"], table["label"], table["deploy"]])
    for key in np.unique(keys, axis=0):
        rows = np.flatnonzero((keys == key).all(axis=1))
        yield DEPLOYS[int(key[2])], {name: of[rows] for name, of in table.columns.items()}


def option_names(situation: Columns) -> list[str]:
    """Names of the options in one situation's rows.

    Parameters
    ----------
    situation : mapping of str to ndarray
        Of :func:`situations`.
    """
    return [OPTIONS[int(number)] for number in situation["option"]]


def _chosen(rule: str, deploy: str, situation: Columns) -> int:
    """Row of the option that a rule takes."""
    names = option_names(situation)
    if rule == "recommended":
        return int(np.argmax(situation["recommended"]))
    if rule == "published estimator":
        return int(np.argmax(situation["published"]))
    if rule == "train all, choose by labels":
        alone = np.array([name == "autoencode" for name in names])
        return int(np.argmax(np.where(alone, -np.inf, situation["validated"])))
    wanted = {"always align": "align", "always predict": _PREDICT[deploy]}
    return names.index(wanted.get(rule, _STAYING[deploy]))


def rule_score(rule: str, tables: Sequence[Table], *, by: str = "", seed: int = 0) -> RuleScore:
    """Score one rule over all situations of some tables.

    Parameters
    ----------
    rule : str
        One of RULES.
    tables : sequence of Table
        One a pair, see :func:`crossphase.experiments.scoreboard.cell.measure`.
    by : {"", "_usual"}, default ""
        Suffix of the columns: scores by the preferred probe, or by the usual one, see
        :func:`crossphase.experiments.scoreboard.judge.predictions`.
    seed : int, default 0
        Of the intervals.

    Returns
    -------
    RuleScore
    """
    by_pair: list[Array] = []
    for table in tables:
        rows = []
        for deploy, situation in situations(table):
            names = option_names(situation)
            at = _chosen(rule, deploy, situation)
            scores = situation[f"score{by}"]
            best = max(s for s, name in zip(scores, names, strict=True) if name != "autoencode")
            regret = best - scores[at]
            tied, harms = (situation[f"{column}{by}"][at] for column in ("tied", "harms"))
            rows.append((tied, regret, harms, regret <= MARGIN))
        by_pair.append(np.array(rows))
    every = np.vstack(by_pair)
    rng = np.random.default_rng(seed)
    sums = np.array([part.sum(axis=0) for part in by_pair])
    counts = np.array([len(part) for part in by_pair])
    drawn = rng.integers(len(by_pair), size=(_N_RESAMPLES, len(by_pair)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)[:, None]
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    tied, regret, harms, close = map(float, every.mean(axis=0))
    sets = np.array([table.name.partition(".")[0] for table in tables])
    of_sets = [
        sums[sets == name].sum(axis=0) / counts[sets == name].sum() for name in np.unique(sets)
    ]
    tied_by_set, regret_by_set, *_ = map(float, np.mean(of_sets, axis=0))
    return RuleScore(
        rule,
        len(every),
        tied,
        (float(low[0]), float(high[0])),
        close,
        regret,
        (float(low[1]), float(high[1])),
        harms,
        tied_by_set,
        regret_by_set,
    )


def hindsight(tables: Sequence[Table]) -> tuple[float, float]:
    """What one option for all splits of a pair, label and situation could reach at best.

    The option is the one with the highest mean score over the splits, which no rule can know: what
    is lost all the same is the noise of single splits.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    best_or_tied, regret : float
        As in :class:`RuleScore`.
    """
    found = []
    for table in tables:
        alike = table["option"] != OPTIONS.index("autoencode")
        for label, deploy in np.unique(np.column_stack([table["label"], table["deploy"]]), axis=0):
            rows = np.flatnonzero(alike & (table["label"] == label) & (table["deploy"] == deploy))
            # Rows of every split are in the same order.
            shape = (len(np.unique(table["seed"][rows])), -1)
            scores, tied = (table[column][rows].reshape(shape) for column in ("score", "tied"))
            best = int(np.argmax(scores.mean(axis=0)))
            found += list(zip(tied[:, best], scores.max(axis=1) - scores[:, best], strict=True))
    best_or_tied, regret = np.mean(found, axis=0)
    return float(best_or_tied), float(regret)


def sure_share(tables: Sequence[Table]) -> tuple[int, float]:
    """Recommendations with a confidence of 0.8 or more: how many, and the share best or tied.

    Parameters
    ----------
    tables : sequence of Table
    """
    found = [
        situation["tied"][at]
        for table in tables
        for _, situation in situations(table)
        if situation["confidence"][at := int(np.argmax(situation["recommended"]))] >= _SURE
    ]
    return len(found), float(np.mean(found)) if found else float("nan")


def harm_count(tables: Sequence[Table]) -> HarmCount:
    """Count harm over all cross-modal options of all situations.

    Parameters
    ----------
    tables : sequence of Table
    """
    counts = dict.fromkeys(HarmCount.__slots__, 0)
    for table in tables:
        for _, situation in situations(table):
            for i, name in enumerate(option_names(situation)):
                if name not in _CROSS_MODAL:
                    continue
                row = {key: float(values[i]) for key, values in situation.items()}
                gained = row["score"] - row["raw"] >= _BEYOND
                advised = bool(row["harms"] and row["recommended"])
                counts["options"] += 1
                counts["harmful"] += bool(row["harms"])
                counts["foretold"] += bool(row["harms"] and row["foretold_harm"])
                counts["advised"] += advised
                counts["advised_surely"] += advised and row["confidence"] >= _SURE
                counts["false_alarms"] += bool(row["foretold_harm"] and gained)
    return HarmCount(**counts)


def gains(tables: Sequence[Table], *, by: str = "") -> Mapping[str, Array]:
    """Foretold and trained gains of every cross-modal code over its raw view.

    Parameters
    ----------
    tables : sequence of Table
    by : {"", "_usual"}, default ""
        As in :func:`rule_score`.

    Returns
    -------
    dict of str to ndarray
        `linear`, `lifted`, `trained`: means over splits, one a pair, label, situation and code.
    """
    found: dict[str, list[float]] = {"linear": [], "lifted": [], "trained": []}
    for table in tables:
        codes = np.isin(table["option"], [OPTIONS.index(name) for name in _CROSS_MODAL])
        keys = np.column_stack([table["label"], table["deploy"], table["option"]])
        for key in np.unique(keys[codes], axis=0):
            rows = (keys == key).all(axis=1)
            found["trained"].append(float((table[f"score{by}"] - table[f"raw{by}"])[rows].mean()))
            for kind in ("linear", "lifted"):
                found[kind].append(float(table[kind][rows].mean()))
    return {name: np.array(values) for name, values in found.items()}


def agreement(kind: str, tables: Sequence[Table], *, by: str = "") -> Agreement:
    """How well foretold gains agree with trained ones.

    Parameters
    ----------
    kind : {"linear", "lifted"}
    tables : sequence of Table
    by : {"", "_usual"}, default ""
        As in :func:`rule_score`.
    """
    both = gains(tables, by=by)
    foretold, trained = both[kind], both["trained"]
    beyond = np.abs(trained) > _BEYOND
    right = np.sign(foretold[beyond]) == np.sign(trained[beyond])
    error = foretold - trained
    varies = len(trained) > 1 and foretold.std() > 0 and trained.std() > 0
    return Agreement(
        kind,
        len(trained),
        float(np.corrcoef(foretold, trained)[0, 1]) if varies else float("nan"),
        float(spearmanr(foretold, trained).statistic) if varies else float("nan"),
        float(right.mean()) if len(right) else float("nan"),
        int(beyond.sum()),
        float(np.abs(error).mean()),
        float(error.mean()),
    )
