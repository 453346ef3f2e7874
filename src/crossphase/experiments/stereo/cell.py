"""One configuration and seed: objectives trained, their codes probed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.datasets.stereo import stereo_dsprites, stereo_shapes3d
from crossphase.datasets.stereo.pairs import StereoPairs
from crossphase.experiments.stereo.scale import RUNS, Run, StereoScale
from crossphase.io.writing import write_file
from crossphase.outlook.probe import Task

__all__ = [
    "LEADING",
    "PROBES",
    "VIEWS",
    "Configuration",
    "codes_file",
    "configurations",
    "leading_accuracies",
    "make_pairs",
    "measure",
]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

VIEWS = ("x", "y", "both")

PROBES = ("converged", "published", "leading")
"""A converged probe, the paper's 50 steps, and a converged one of the LEADING components alone."""

LEADING = 16

_CODE, _PROJECTION, _BATCH = 128, 32, 64
_ISOTROPY_ROWS = 2000
_PUBLISHED_ROWS = np.logspace(2, 4, 10).astype(int)
_KEPT_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where one point of the figures lies."""

    jitter: float
    noise: float


def configurations(scale: StereoScale) -> tuple[Configuration, ...]:
    """All points, in the order of the pieces of a run.

    Examples
    --------
    >>> from crossphase.experiments.stereo.scale import SCALES
    >>> len(configurations(SCALES["paper"]))
    9
    """
    return tuple(Configuration(jitter, noise) for jitter in scale.jitters for noise in scale.noises)


def make_pairs(
    name: str,
    scale: StereoScale,
    configuration: Configuration,
    data_dir: str | None,
    *,
    data_seed: int = 0,
) -> StereoPairs:
    """Rows of one configuration: the published ones, or those of another `data_seed`."""
    make: Callable[..., StereoPairs] = {
        "dsprites": stereo_dsprites,
        "shapes3d": stereo_shapes3d,
    }[name]
    return make(
        scale.pairs,
        jitter=configuration.jitter,
        noise_y=configuration.noise,
        seed=data_seed,
        data_dir=data_dir,
    )


def codes_file(folder: Path, configuration: Configuration, run: int) -> Path:
    """Where codes of test rows are kept for pictures: arrays `code` and `labels`."""
    name = RUNS[run].name.lower().replace(" ", "-")
    return folder / f"jitter-{configuration.jitter:g}-noise-{configuration.noise:g}-{name}.npz"


def measure(
    name: str,
    scale: StereoScale,
    configuration: Configuration,
    seed: int,
    runs: Sequence[int],
    *,
    data_dir: str | None = None,
    codes: Path | None = None,
) -> Mapping[str, Array]:
    """Train and probe objectives of one configuration.

    Parameters
    ----------
    name : {"dsprites", "shapes3d"}
    scale : StereoScale
    configuration : Configuration
    seed : int
        Of the split, the initialisation and the batches.
    runs : sequence of int
        Positions in RUNS.
    data_dir : str or None, default None
        Folder of the published file.
    codes : Path or None, default None
        Folder for codes of a thousand test rows, see :func:`codes_file`. What an earlier seed
        left there is replaced.

    Returns
    -------
    dict of str to ndarray of shape (rows,)
        One row an objective (`run`, as in RUNS), code (`view`, as in VIEWS), probe (`probe`, as
        in PROBES) and number of labelled rows (`probe_rows`): `jitter`, `noise`, `accuracy` on
        the test rows, `isotropy` of the code and `epoch` of the weights kept.
    """
    pairs = make_pairs(name, scale, configuration, data_dir)
    images = dict(zip(("x", "y"), pairs.images(), strict=True))
    split = pairs.split(seed)
    rows: list[dict[str, float]] = []
    for number in runs:
        found, epoch = _codes(
            RUNS[number], images, pairs, split.train, split.validation, seed, scale
        )
        if codes is not None:
            kept = split.test[:_KEPT_ROWS]
            first = next(iter(found.values()))[kept].astype(np.float32)
            codes.mkdir(parents=True, exist_ok=True)
            write_file(
                codes_file(codes, configuration, number),
                partial(_write_codes, code=first, labels=pairs.labels[kept]),
            )
        for view, code in found.items():
            spread = _isotropy(code[split.test][:_ISOTROPY_ROWS])
            probed = _probed(code, pairs.labels, split.train, split.test, scale, seed)
            for probe, count, accuracy in probed:
                rows.append(
                    {
                        "jitter": configuration.jitter,
                        "noise": configuration.noise,
                        "run": number,
                        "view": VIEWS.index(view),
                        "probe": PROBES.index(probe),
                        "probe_rows": count,
                        "accuracy": accuracy,
                        "isotropy": spread,
                        "epoch": epoch,
                    }
                )
    return {key: np.array([row[key] for row in rows], dtype=np.float64) for key in rows[0]}


def _write_codes(path: Path, *, code: NDArray[np.float32], labels: Ints) -> None:
    with path.open("wb") as file:
        np.savez(file, code=code, labels=labels)


def _codes(
    run: Run,
    images: Mapping[str, NDArray[Any]],
    pairs: StereoPairs,
    train_rows: Ints,
    validation_rows: Ints,
    seed: int,
    scale: StereoScale,
) -> tuple[dict[str, Array], int]:
    """Codes of every row, before the projector, from weights that no test row chose."""
    from crossphase.nonlinear.config import TrainingConfig
    from crossphase.nonlinear.train import train

    config = TrainingConfig(
        run.objective,
        alignment=run.alignment,
        weight=scale.joint_weight,
        code_dim=_CODE,
        projection_dim=_PROJECTION,
        epochs=scale.epochs,
        patience=5,
        batch_size=_BATCH,
        gradient_clip=run.gradient_clip,
        validation_share=len(validation_rows) / (len(train_rows) + len(validation_rows)),
        precision=scale.precision,
        accelerator="auto",
        seed=seed,
    )
    made = train(
        images["x"],
        images["y"],
        config,
        labels=pairs.labels[:, None].astype(np.float64),
        n_classes=len(pairs.class_names),
        rows=np.concatenate([train_rows, validation_rows]),
    )
    codes = {view: made.encode(view, images[view]) for view in made.views}
    if len(codes) == 2:
        codes["both"] = np.hstack([codes["x"], codes["y"]])
    return codes, made.trained.best_epoch


def _probed(
    code: Array, labels: Ints, train: Ints, test: Ints, scale: StereoScale, seed: int
) -> Iterator[tuple[str, int, float]]:
    """Probe, labelled rows and accuracy on the test rows."""
    from crossphase.nonlinear.probing import probe, short_probe

    def accuracy(fit: Callable[..., Array], count: int, code: Array) -> float:
        return _accuracy(fit, code, labels, train[:count], test, seed)

    counts = sorted({min(count, len(train)) for count in scale.probe_rows})
    for count in counts:
        yield "converged", count, accuracy(probe, count, code)
    published = _PUBLISHED_ROWS[len(train) >= _PUBLISHED_ROWS].tolist() or [len(train)]
    for count in published:
        yield "published", count, accuracy(short_probe, count, code)
    yield "leading", counts[-1], accuracy(probe, counts[-1], _principal(code, train)[:, :LEADING])


def _accuracy(
    fit: Callable[..., Array], code: Array, labels: Ints, learn: Ints, test: Ints, seed: int
) -> float:
    present, numbers = np.unique(labels[learn], return_inverse=True)
    task = Task("classes", numbers[:, None].astype(np.float64), len(present))
    found = fit(code[learn], task, code[test], rng=np.random.default_rng(seed))
    return float((present[found[:, 0].astype(np.intp)] == labels[test]).mean())


def leading_accuracies(code: NDArray[Any], labels: Ints) -> tuple[Ints, Array]:
    """Accuracy of a converged probe of the 2, 4, 8, … leading principal components.

    Parameters
    ----------
    code : ndarray of shape (n, d)
        Components and probe are fitted on three fifths of the rows, the others are scored.
    labels : ndarray of int of shape (n,)

    Returns
    -------
    counts : ndarray of int
        Numbers of components, up to d.
    accuracies : ndarray of shape (len(counts),)
    """
    from crossphase.nonlinear.probing import probe

    learn, test = np.split(np.arange(len(code)), [3 * len(code) // 5])
    counts = 2 ** np.arange(1, int(np.log2(code.shape[1])) + 1)
    scores = _principal(code.astype(np.float64), learn)
    found = [_accuracy(probe, scores[:, :count], labels, learn, test, 0) for count in counts]
    return counts, np.array(found)


def _principal(code: Array, rows: Ints) -> Array:
    """Scores of all rows along the principal directions of some."""
    centred = code - code[rows].mean(axis=0)
    return np.asarray(centred @ np.linalg.svd(centred[rows], full_matrices=False)[2].T)


def _isotropy(code: Array) -> float:
    from crossphase.nonlinear.isotropy import isotropy

    return isotropy(code) if float(np.ptp(code, axis=0).max()) > 0 else float("inf")
