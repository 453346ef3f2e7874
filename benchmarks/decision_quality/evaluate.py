"""One problem, every estimator: what each says beside the truth."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from oracle import oracle_log_delta
from sampler import FAMILIES, REGIMES, Problem, draw, regime_of
from warped import warped_log_delta

from crossphase.config import Settings
from crossphase.diagnosis.published import estimate_published
from crossphase.diagnosis.robust import estimate_robust
from crossphase.diagnosis.robust_parts import regime_probabilities, separations

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """A problem by its coordinates; everything random follows from them."""

    family: str
    n_pairs: int
    n_labelled: int
    regime: str
    replicate: int
    near: bool | None = False
    published: bool = True

    @property
    def key(self) -> str:
        return "|".join(str(value) for value in asdict(self).values())


def problem_rows(task: Task) -> tuple[Problem, Array, Array, Array, NDArray[np.intp]]:
    """The problem, its rows x and y, the labels of all of them, and which rows are labelled."""
    family, regime = FAMILIES.index(task.family), REGIMES.index(task.regime)
    distance = 2 if task.near is None else int(task.near)
    problem_rng = np.random.default_rng([family, regime, task.replicate, distance])
    problem = draw(task.family, task.regime, problem_rng, near=task.near)
    of_rows = [family, regime, task.replicate, task.n_pairs]
    rng = np.random.default_rng(of_rows if task.near is not None else [*of_rows, distance])
    x, y, labels, _ = problem.sample(task.n_pairs, rng)
    order = rng.permutation(task.n_pairs)
    labelled = np.sort(order[: task.n_labelled or task.n_pairs])
    return problem, x, y, labels, labelled


def evaluate(task: Task, *, robust_only: bool = False) -> list[dict[str, object]]:
    """A record per estimator."""
    problem, x, y, labels, labelled = problem_rows(task)
    base = {**asdict(task), "key": task.key, "truth": problem.regime}
    base |= {"true_log_delta": [float(v) for v in problem.log_delta]}
    if task.family == "warped":
        observed = warped_log_delta(*problem.covariances(), *problem.warps())
        base["observed_log_delta"] = [float(v) for v in observed]

    records = [base | _robust(x, y, labels, labelled)]
    if robust_only:
        return records
    oracle = oracle_log_delta(problem, x, y)
    records.append(base | {"estimator": "oracle", "regime": regime_of(oracle)})
    if task.published:
        records.append(base | _published("published, labelled rows", x, y, labels, labelled))
        everything = np.arange(task.n_pairs)
        records.append(base | _published("published, all labelled", x, y, labels, everything))
    return records


def _robust(x: Array, y: Array, labels: Array, labelled: NDArray[np.intp]) -> dict[str, object]:
    settings = Settings(seed=0)
    start = time.perf_counter()
    estimate = estimate_robust(x, y, labels[labelled], labelled, settings)
    parts = separations(estimate, settings)
    seconds = time.perf_counter() - start
    log_delta = estimate.draws.log_delta
    probabilities = regime_probabilities(log_delta[:, 0], log_delta[:, 1])
    return {
        "estimator": "robust",
        "regime": max(probabilities, key=lambda name: probabilities[name]),
        "probabilities": probabilities,
        "intervals": [[p.interval.lower, p.interval.upper] for p in parts],
        "p_value": estimate.p_value,
        "seconds": seconds,
    }


def _published(
    name: str, x: Array, y: Array, labels: Array, rows: NDArray[np.intp]
) -> dict[str, object]:
    start = time.perf_counter()
    estimate = estimate_published(x[rows], y[rows], labels[rows])
    return {
        "estimator": name,
        "regime": str(estimate.readoffs["elbow"].regime_primary),
        "by_classifier": {c: str(r.regime_primary) for c, r in estimate.readoffs.items()},
        "seconds": time.perf_counter() - start,
    }
