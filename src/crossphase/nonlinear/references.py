"""What trained codes are measured against: supervised networks, and codes of both modalities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.nonlinear.config import TrainingConfig
from crossphase.nonlinear.isotropy import isotropy
from crossphase.nonlinear.outcomes import Key, Outcome, Probes
from crossphase.nonlinear.train import train
from crossphase.nonlinear.views import Kind
from crossphase.outlook.probe import Task
from crossphase.results.outlook import View

__all__ = ["both_sided", "ceilings", "spread_evenly"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Progress = Callable[[str, float], None]

_VIEWS: tuple[View, ...] = ("x", "y", "both")
_LEAST_BATCHES = 16
_SLICES = 256
_PARTNERS = (
    ("autoencode", ("autoencode", "autoencode")),
    ("self-align", ("self-align", "self-align")),
    ("predict both ways", ("predict x->y", "predict y->x")),
)


def both_sided(
    codes: dict[Key, list[Array]], epochs: dict[Key, list[int]]
) -> tuple[dict[Key, list[Array]], dict[Key, list[int]]]:
    """Codes of x beside codes of y where they were trained apart, seed by seed.

    An aligned code of both modalities has to be compared with predictions in both directions,
    and with both modalities' own codes; not with a code of one.

    Parameters
    ----------
    codes : dict of (representation, view) to list of ndarray
    epochs : dict of (representation, view) to list of int

    Returns
    -------
    codes, epochs : dict
        Of the further codes alone.
    """
    further: dict[Key, list[Array]] = {}
    kept: dict[Key, list[int]] = {}
    for name, (of_x, of_y) in _PARTNERS:
        sides: tuple[Key, Key] = (of_x, "x"), (of_y, "y")
        if all(side in codes for side in sides):
            pairs = zip(*(codes[side] for side in sides), strict=True)
            further[name, "both"] = [np.hstack(pair) for pair in pairs]
            kept[name, "both"] = [epoch for side in sides for epoch in epochs[side]]
    return further, kept


def ceilings(
    x: NDArray[Any],
    y: NDArray[Any],
    probes: Probes,
    *,
    config: TrainingConfig,
    n_seeds: int,
    kinds: tuple[Kind, Kind],
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[Key, Outcome]:
    """Supervised networks of x, of y and of both, trained on the rows that probes learn from.

    Classes weigh the same, as in probes. With few labels a network learns little, and may end
    below a probe: a ceiling is the better of the two.

    Parameters
    ----------
    x, y : ndarray of shape (n, ...)
    probes : Probes
        With the split and the labels; test rows are scored and nothing else.
    config : TrainingConfig
        Its objective is replaced, its seed counted up, its batches made fewer rows if need be.
    n_seeds : int
    kinds : tuple of str
        Of x and of y.
    folder : path or None, default None
    progress : callable or None

    Returns
    -------
    dict of ("supervised", view) to Outcome
    """
    found: dict[Key, Outcome] = {}
    runs = len(_VIEWS) * n_seeds
    done = 0
    for view in _VIEWS:
        values, epochs = [], []
        for seed in range(n_seeds):
            columns = iter(range(len(probes.tasks)))

            def answers(
                task: Task, learn: Ints, test: Ints, view: View = view, seed: int = seed
            ) -> Array:
                column = next(columns)  # noqa: B023  # used up before the next seed
                name = f"supervise-{view}-{column}-{seed}"
                rows = min(config.batch_size, max(8, len(learn) // _LEAST_BATCHES))
                own = replace(
                    config,
                    objective=f"supervise {view}",  # type: ignore[arg-type]
                    seed=config.seed + seed,
                    balanced=True,
                    batch_size=rows,
                    devices=1,
                )
                answer, epoch = _supervised(
                    x,
                    y,
                    task,
                    learn,
                    test,
                    own,
                    kinds,
                    None if folder is None else Path(folder, name),
                )
                epochs.append(epoch)  # noqa: B023
                return answer

            if progress is not None:
                progress(f"training supervised {view} (seed {seed})", done / runs)
            values.append(probes.scored(answers))
            done += 1
        found["supervised", view] = probes.outcome_of(np.array(values), float(np.mean(epochs)))
    return found


def _supervised(
    x: NDArray[Any],
    y: NDArray[Any],
    task: Task,
    learn: Ints,
    test: Ints,
    config: TrainingConfig,
    kinds: tuple[Kind, Kind],
    folder: Path | None,
) -> tuple[Array, int]:
    """Labels that a network gives the test rows, and the epoch of its weights."""
    classes = task.kind == "classes"
    mean = 0.0 if classes else task.targets.mean(axis=0)
    scale = 1.0 if classes else np.maximum(task.targets.std(axis=0), 1e-12)
    labels = np.zeros((len(x), task.targets.shape[1]))
    labels[learn] = (task.targets - mean) / scale
    made = train(
        x,
        y,
        config,
        labels=labels,
        n_classes=task.n_classes if classes else 0,
        rows=learn,
        folder=folder,
        x_kind=kinds[0],
        y_kind=kinds[1],
    )
    answer = made.answer(x[test], y[test])
    if classes:
        return answer.argmax(axis=1)[:, None].astype(np.float64), made.trained.best_epoch
    return answer * scale + mean, made.trained.best_epoch


def spread_evenly(codes: list[Array], rows: Ints) -> float | None:
    """Mean isotropy score over seeds; None where a code does not vary.

    Parameters
    ----------
    codes : list of ndarray of shape (n, d)
    rows : ndarray of int
    """
    if any(not np.ptp(code[rows], axis=0).any() for code in codes):
        return None
    return float(np.mean([isotropy(code[rows], n_slices=_SLICES) for code in codes]))
