"""The stereo experiments, run and compared with what was published."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from crossphase.errors import InputError
from crossphase.experiments.runner import Experiment, SuiteResult, named, run_experiments
from crossphase.experiments.stereo.cell import configurations, measure
from crossphase.experiments.stereo.compare import check_accuracies, check_diagnosis
from crossphase.experiments.stereo.foretold import foretell
from crossphase.experiments.stereo.scale import FURTHER, MAIN, SCALES, StereoScale
from crossphase.experiments.table import Columns

__all__ = ["NAMES", "run_stereo"]

Progress = Callable[[str, float], None]

NAMES = ("dsprites", "shapes3d")
_TITLES = {"dsprites": "stereo dSprites", "shapes3d": "stereo Shapes3D"}


def run_stereo(
    name: str,
    folder: str | Path,
    *,
    scale: str = "smoke",
    seed: int = 0,
    workers: int = 2,
    data_dir: str | None = None,
    progress: Progress | None = None,
) -> SuiteResult:
    """Train, probe and diagnose one stereo set.

    Parameters
    ----------
    name : {"dsprites", "shapes3d"}
    folder, seed, workers, progress
        See :func:`crossphase.experiments.runner.run_experiments`. Codes of test rows go to the
        folder's ``codes``.
    scale : {"smoke", "small", "paper"}, default "smoke"
    data_dir : str or None, default None
        Folder of the published file; None draws the images.

    Returns
    -------
    SuiteResult
        Tables NAME and NAME-further (see :func:`crossphase.experiments.stereo.cell.measure`) and
        NAME-diagnosis.

    Raises
    ------
    InputError
        For a name or a scale that does not exist, or files that cannot be used.
    MissingExtraError
        If PyTorch or Lightning is not installed.
    """
    if name not in NAMES:
        raise InputError(f"no stereo set {name!r}: choose {' or '.join(NAMES)}")
    size = named(SCALES, scale)
    codes = Path(folder) / "codes"

    def pieces(scale: StereoScale) -> int:
        return len(configurations(scale))

    # One stream for all: they see the same splits.
    experiments = [
        Experiment(
            name,
            f"{_TITLES[name]}: what was trained",
            partial(_measured, name, MAIN, data_dir, codes),
            partial(check_accuracies, size, name, MAIN),
            pieces=pieces,
            minutes=4.0,
            package="lightning",
            extra="torch",
        ),
        Experiment(
            f"{name}-diagnosis",
            f"{_TITLES[name]}: what was foretold",
            partial(_foretold, name, data_dir),
            partial(check_diagnosis, size, name),
            pieces=pieces,
            minutes=0.7,
        ),
    ]
    if size.further_seeds:
        experiments.append(
            Experiment(
                f"{name}-further",
                f"{_TITLES[name]}: the other objectives",
                partial(_measured, name, FURTHER, data_dir, codes),
                partial(check_accuracies, size, name, FURTHER),
                seeds=lambda scale: scale.further_seeds,
                pieces=pieces,
                minutes=5.0,
                package="lightning",
                extra="torch",
            )
        )
    return run_experiments(
        experiments,
        folder,
        scale=size,
        seed=seed,
        workers=workers,
        must_run=True,
        about={"data": "drawn" if data_dir is None else "published file"},
        progress=progress,
    )


def _measured(
    name: str,
    runs: tuple[int, ...],
    data_dir: str | None,
    codes: Path,
    scale: StereoScale,
    rng: np.random.Generator,
    piece: int,
) -> Columns:
    where, own = configurations(scale)[piece], int(rng.integers(2**31))
    return measure(name, scale, where, own, runs, data_dir=data_dir, codes=codes)


def _foretold(
    name: str, data_dir: str | None, scale: StereoScale, rng: np.random.Generator, piece: int
) -> Columns:
    where, own = configurations(scale)[piece], int(rng.integers(2**31))
    return foretell(name, scale, where, own, data_dir=data_dir)
