"""Accuracy, calibration and coverage of a file of records, as Markdown tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from sampler import FAMILIES, MAIN_FAMILIES, regime_of

Record = dict[str, Any]
#: Calls at this probability and more are called sure.
SURE = 0.9
ESTIMATORS = ("robust", "published, labelled rows", "published, all labelled", "oracle")


def print_tables(records: Sequence[Record]) -> None:
    """Print every table that the records can fill."""
    anywhere = [r for r in records if r["near"] is None]
    if anywhere:
        _accuracy("Right regime at any distance from a boundary, all families", anywhere)
        _calibration(anywhere)
        _coverage_by_size(anywhere)
        return
    clear = [r for r in records if not r["near"]]
    if len(_sizes(clear)) > 6:
        _grid("three main families", [r for r in clear if r["family"] in MAIN_FAMILIES])
        _grid("all families", clear)
        _sure(clear)
        _calibration(clear)
        return
    _accuracy("Right regime, |log Δ| > 0.15, mean of the three main families", [
        r for r in clear if r["family"] in MAIN_FAMILIES
    ])  # fmt: skip
    _accuracy("Within 3 % of a boundary, three main families", [r for r in records if r["near"]])
    for family in FAMILIES:
        _accuracy(f"Family: {family}", [r for r in clear if r["family"] == family])
    _calibration(clear)
    _coverage_by_size(clear)
    _classifiers([r for r in clear if r["family"] in MAIN_FAMILIES])


def _sizes(records: Sequence[Record]) -> list[tuple[int, int]]:
    sizes = {(r["n_pairs"], r["n_labelled"] or r["n_pairs"]) for r in records}
    return sorted(sizes)


def _of_size(records: Sequence[Record], size: tuple[int, int]) -> list[Record]:
    return [r for r in records if (r["n_pairs"], r["n_labelled"] or r["n_pairs"]) == size]


def is_right(record: Record) -> bool:
    """Whether the regime named is that of the rows as they are, warped or not."""
    truth = record["truth"]
    if "observed_log_delta" in record:
        truth = regime_of(record["observed_log_delta"])
    return bool(record["regime"] == truth)


def _accuracy(title: str, records: Sequence[Record]) -> None:
    if not records:
        return
    names = [e for e in ESTIMATORS if any(r["estimator"] == e for r in records)]
    print(f"### {title}\n\n| pairs, labels | problems | " + " | ".join(names) + " |")
    print("|" + "---|" * (2 + len(names)))
    for size in _sizes(records):
        here = _of_size(records, size)
        cells, count = [], 0
        for name in names:
            right = np.array([is_right(r) for r in here if r["estimator"] == name])
            count = max(count, len(right))
            cells.append(f"{right.mean():.3f} ± {_error(right):.3f}" if len(right) else "–")
        print(f"| {size[0]}, {size[1]} | {count} | " + " | ".join(cells) + " |")
    print()


def _grid(title: str, records: Sequence[Record]) -> None:
    """Pairs down, labels across."""
    pairs = sorted({r["n_pairs"] for r in records})
    labels = [*sorted({r["n_labelled"] for r in records} - {0}), 0]
    print(f"### Right regime, |log Δ| > 0.15, {title}: robust (oracle)\n")
    print("| pairs | " + " | ".join(f"{m} labels" if m else "all" for m in labels) + " |")
    print("|" + "---|" * (1 + len(labels)))
    for n in pairs:
        cells = []
        for m in labels:
            here = [r for r in records if (r["n_pairs"], r["n_labelled"]) == (n, m)]
            robust, oracle = (
                np.array([is_right(r) for r in here if r["estimator"] == name])
                for name in ("robust", "oracle")
            )
            if not len(robust):
                cells.append("–")
                continue
            cells.append(f"{robust.mean():.2f} ± {_error(robust):.2f} ({oracle.mean():.2f})")
        print(f"| {n} | " + " | ".join(cells) + " |")
    print()


def _sure(records: Sequence[Record]) -> None:
    """What calls at .9 and more are worth, by the number of pairs."""
    print("### Robust estimator: calls at .9 and more\n")
    print("| pairs | problems | called at ≥ .9 | of these right | if exact: mean (95 % range) "
          "| wrong ones by family |")  # fmt: skip
    print("|" + "---|" * 6)
    for n in sorted({r["n_pairs"] for r in records}):
        here = [r for r in records if r["n_pairs"] == n and r["estimator"] == "robust"]
        confidence = np.array([max(r["probabilities"].values()) for r in here])
        sure = [r for r, stated in zip(here, confidence, strict=True) if stated >= SURE]
        right = np.array([is_right(r) for r in sure])
        shares = f"{len(sure) / len(here):.2f} | {right.mean():.3f} ± {_error(right):.3f}"
        shares += f" | {mean_and_range(if_exact(confidence)[1])}"
        wrong = Counter(r["family"] for r in sure if not is_right(r))
        by_family = ", ".join(f"{family} {count}" for family, count in wrong.most_common())
        print(f"| {n} | {len(here)} | {shares} | {by_family or '–'} |")
    print()


def _error(right: np.ndarray) -> float:
    return float(np.sqrt(right.mean() * (1 - right.mean()) / len(right)))


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Mean |accuracy − confidence| over ten bins of equal counts of problems.

    `right` has the shape (..., n); the result has that without the last axis.
    """
    order = np.argsort(confidence, kind="stable")
    bins = [b for b in np.array_split(order, 10) if len(b)]
    gaps = [np.abs((right[..., b] - confidence[b]).sum(axis=-1)) for b in bins]
    return np.asarray(np.sum(gaps, axis=0) / len(confidence))


def if_exact(
    confidence: np.ndarray, *, n_sims: int = 2000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Calibration errors, and shares of right calls at .9 and more, of exact probabilities.

    Outcomes are drawn with the probabilities stated, independently: what is found is the error
    of counting so many problems. One of each for every simulation.
    """
    right = np.random.default_rng(seed).random((n_sims, len(confidence))) < confidence
    sure = confidence >= SURE
    shares = right[:, sure].mean(axis=1) if sure.any() else np.full(n_sims, np.nan)
    return expected_calibration_error(confidence, right), shares


def mean_and_range(simulated: np.ndarray) -> str:
    """Mean and 95 % range."""
    if np.isnan(simulated).any():
        return "–"
    low, high = np.quantile(simulated, [0.025, 0.975])
    return f"{simulated.mean():.3f} ({low:.3f} to {high:.3f})"


def _calibration(records: Sequence[Record]) -> None:
    robust = [r for r in records if r["estimator"] == "robust"]
    if not robust:
        return
    print("### Robust estimator: calibration and coverage of its 95 % intervals\n")
    print("| family | problems | calibration error | if exact: mean (95 % range) "
          "| called at ≥ .9 | of these right | if exact: mean (95 % range) "
          "| covers Δ align | covers Δ x→y | covers Δ y→x | seconds (median) |")  # fmt: skip
    print("|" + "---|" * 11)
    for family in (*FAMILIES, "all"):
        here = [r for r in robust if family in ("all", r["family"])]
        if not here:
            continue
        confidence = np.array([max(r["probabilities"].values()) for r in here])
        right = np.array([is_right(r) for r in here])
        sure = confidence >= SURE
        called = f"{right[sure].mean():.3f}" if sure.any() else "–"
        errors, shares = if_exact(confidence)
        covered = [coverage(here, i) for i in range(3)]
        if family == "warped":
            covered = [
                f"{shown} ({coverage(here, i, unwarped=True)} of the unwarped)"
                for i, shown in enumerate(covered)
            ]
        seconds = np.median([r["seconds"] for r in here])
        cells = [
            f"{expected_calibration_error(confidence, right):.3f}",
            mean_and_range(errors),
            f"{sure.mean():.2f}",
            called,
            mean_and_range(shares),
            *covered,
            f"{seconds:.3f}",
        ]
        print(f"| {family} | {len(here)} | " + " | ".join(cells) + " |")
    print()
    warped = [r for r in robust if "observed_log_delta" in r]
    if warped:
        before, after = (
            np.array([r[name][:2] for r in warped])
            for name in ("true_log_delta", "observed_log_delta")
        )
        other = ((before > 0) != (after > 0)).any(axis=1)
        print(
            f"The warp moves log Δ of alignment and of x→y by {(after - before).std():.3f} "
            f"(standard deviation) and changes {other.sum()} of {len(warped)} regimes.\n"
        )


def _coverage_by_size(records: Sequence[Record]) -> None:
    """Where there are few pairs, and where there are many."""
    robust = [
        r for r in records if r["estimator"] == "robust" and np.isfinite(r["true_log_delta"][0])
    ]
    sizes = _sizes(robust)
    named = " / ".join(str(n) for n, _ in sizes)
    print(f"### Robust estimator: coverage of 95 % intervals with {named} pairs\n")
    print("| family | Δ align | Δ x→y | Δ y→x |\n|---|---|---|---|")
    for family in (*FAMILIES, "all"):
        here = [r for r in robust if family in ("all", r["family"])]
        if here:
            cells = [
                " / ".join(coverage(_of_size(here, size), i) for size in sizes) for i in range(3)
            ]
            print(f"| {family} | " + " | ".join(cells) + " |")
    print()


def coverage(records: Sequence[Record], objective: int, *, unwarped: bool = False) -> str:
    """Share of intervals that hold the true Δ of an objective, of those that have one.

    The truth of warped rows is that of the rows as they are, unless `unwarped`.
    """
    found = [v for r in records if (v := _covers(r, objective, unwarped)) is not None]
    return f"{np.mean(found):.2f}" if found else "–"


def _covers(record: Record, objective: int, unwarped: bool) -> bool | None:
    true = record["true_log_delta"]
    value = true[objective] if unwarped else record.get("observed_log_delta", true)[objective]
    if not np.isfinite(value):
        return None
    low, high = record["intervals"][objective]
    return bool(low <= np.exp(value) <= high)


def _classifiers(records: Sequence[Record]) -> None:
    published = [r for r in records if "by_classifier" in r]
    if not published:
        return
    print("### Published estimator by classifier, three main families\n")
    print("| pairs, labels | rows | elbow | elbow_log | permutation |\n|" + "---|" * 5)
    for size in _sizes(published):
        for name in ESTIMATORS[1:3]:
            here = [r for r in _of_size(published, size) if r["estimator"] == name]
            cells = [
                f"{np.mean([r['by_classifier'][c] == r['truth'] for r in here]):.3f}"
                for c in ("elbow", "elbow_log", "permutation")
            ]
            print(f"| {size[0]}, {size[1]} | {name} | " + " | ".join(cells) + " |")
    print()
