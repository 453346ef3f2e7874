"""One trainer for every dataset and objective."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from numpy.typing import NDArray
from torch import Tensor

from crossphase.errors import InputError
from crossphase.nonlinear.config import TrainingConfig
from crossphase.nonlinear.loading import Rows, Source, as_tensor, loader
from crossphase.nonlinear.networks import Network, Supervise
from crossphase.nonlinear.run_folder import EpochLog, RunFolder, told_of

__all__ = ["TrainedNetwork", "fit_network"]

Progress = Callable[[str, float], None]

_LARGEST_VALIDATION_BATCH = 1024


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """Encoders with their best weights, and how training went.

    Attributes
    ----------
    network : Network
        In evaluation mode, on the CPU.
    best_loss : float
        Lowest validation loss.
    best_epoch, epochs : int
        Epoch of the weights kept, and epochs run, counted from 1.
    """

    network: Network
    best_loss: float
    best_epoch: int
    epochs: int

    def encode(self, view: str, rows: Source, *, batch_size: int = 1024) -> NDArray[np.float64]:
        """Codes of rows of one view.

        Parameters
        ----------
        view : {"x", "y"}
        rows : array-like of shape (n, ...)
            Scaled as the rows of training were.
        batch_size : int, default 1024

        Returns
        -------
        ndarray of shape (n, code_dim)

        Raises
        ------
        InputError
            If the objective trains no encoder of this view.
        """
        if view not in self.network.encoders:
            trained = " and ".join(self.network.encoders)
            raise InputError(
                f"no encoder of {view}: {self.network.config.objective!r} trains one of {trained}"
            )
        encoder = self.network.encoders[view]
        return self._in_batches({view: rows}, lambda part: encoder(part[view]), batch_size)

    def answer(self, rows: dict[str, Source], *, batch_size: int = 1024) -> NDArray[np.float64]:
        """What the head of a supervised network says of rows.

        Parameters
        ----------
        rows : dict of str to array-like of shape (n, ...)
            Of the views that have encoders.
        batch_size : int, default 1024

        Returns
        -------
        ndarray of shape (n, classes) or (n, q)

        Raises
        ------
        InputError
            If the network has no head.
        """
        if not isinstance(self.network, Supervise):
            raise InputError(f"{self.network.config.objective!r} learns no labels: supervise")
        return self._in_batches(rows, self.network.answer, batch_size)

    def _in_batches(
        self,
        rows: Mapping[str, Source],
        compute: Callable[[dict[str, Tensor]], Tensor],
        batch_size: int,
    ) -> NDArray[np.float64]:
        precision = next(self.network.parameters()).dtype
        n = min(len(source) for source in rows.values())
        parts = []
        with torch.no_grad():
            for start in range(0, n, batch_size):
                part = {
                    v: as_tensor(source[start : start + batch_size]) for v, source in rows.items()
                }
                part = {v: t.to(precision) if t.is_floating_point() else t for v, t in part.items()}
                parts.append(compute(part).double().numpy())
        return np.concatenate(parts)


def fit_network(
    network: Callable[[], Network],
    x: Source,
    y: Source,
    config: TrainingConfig,
    *,
    rows: NDArray[np.intp],
    labels: NDArray[np.float64] | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> TrainedNetwork:
    """Train a network with early stopping, and give it the best weights.

    Parameters
    ----------
    network : callable
        Makes the network; called with the random state of the seed.
    x, y : Source
        Rows of both views.
    config : TrainingConfig
    rows : ndarray of int of shape (m,)
        Rows that may be used; a share of them, of this seed, is the validation part.
    labels : ndarray of shape (n, q) or None, default None
        For a supervised network.
    folder : Path or None, default None
        Keeps settings, checkpoints and the log (log.csv and log.json). A run that was stopped
        goes on from there; one that ended is read back. None keeps nothing.
    progress : callable or None
        Called with a stage and the fraction done.

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    InputError
        For too few rows, a loss that is not finite, devices that are not there, or a folder of
        another run.
    """
    order = np.random.default_rng(config.seed).permutation(rows)
    n_validation = max(2, round(config.validation_share * len(order)))
    if len(order) - n_validation < config.batch_size // 2 or len(order) < 8:
        raise InputError(
            f"{len(order)} rows are too few for batches of {config.batch_size} and "
            f"{config.validation_share:.0%} for validation: give more rows or a smaller batch_size"
        )
    validation = Rows(x, y, labels, np.sort(order[:n_validation]))
    training = Rows(x, y, labels, np.sort(order[n_validation:]))
    batches = loader(training, config.batch_size, seed=config.seed)
    if len(batches) < config.devices:
        raise InputError(
            f"devices={config.devices} for {len(batches)} batches an epoch: use fewer, or a "
            "smaller batch_size"
        )
    with (
        _quiet(),
        _restored_determinism(),
        tempfile.TemporaryDirectory() as scratch,
        torch.random.fork_rng(),
    ):
        torch.manual_seed(config.seed)
        model = network()
        run = RunFolder(Path(scratch) if folder is None else folder)
        views: dict[str, Source] = {"x": x, "y": y}
        run.claim(
            told_of(config, order, views if labels is None else views | {"labels": labels}, model)
        )
        if not run.finished:
            trainer = _trainer(run, config, progress, resumable=folder is not None)
            held_out = loader(
                validation, min(len(validation), _LARGEST_VALIDATION_BATCH), seed=None
            )
            trainer.fit(model, batches, held_out, ckpt_path=run.resume_point, weights_only=True)
            if trainer.interrupted:
                raise KeyboardInterrupt
            run.write_log(run.epochs(), finished=True)
        epochs = run.epochs()
        kept = torch.load(run.best, weights_only=True, map_location="cpu")
    best = int(kept["epoch"]) + 1
    losses = [epoch["validation_loss"] for epoch in epochs]
    if None in losses:
        raise InputError(
            "the validation loss is not finite: check the rows for extreme values, or lower "
            f"learning_rate={config.learning_rate:g}"
        )
    model.load_state_dict(kept["state_dict"])
    return TrainedNetwork(model.cpu().eval(), losses[best - 1], best, len(epochs))


def _trainer(
    run: RunFolder, config: TrainingConfig, progress: Progress | None, *, resumable: bool
) -> L.Trainer:
    callbacks: list[Callback] = [
        EarlyStopping("validation_loss", patience=config.patience, check_finite=True),
        EpochLog(run),
        ModelCheckpoint(
            run.place,
            run.best.stem,
            monitor="validation_loss",
            save_top_k=1,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        ),
    ]
    if resumable:
        callbacks.append(
            ModelCheckpoint(
                run.place, run.last.stem, save_on_train_epoch_end=True, enable_version_counter=False
            )
        )
    # Other processes have no screen to draw on.
    if progress is not None and config.devices == 1:
        callbacks.append(_Report(progress, config))
    try:
        return L.Trainer(
            max_epochs=config.epochs,
            accelerator=config.accelerator,
            devices=config.devices,
            # Started from here, not from the command line again: the caller goes on once.
            strategy="auto" if config.devices == 1 else "ddp_spawn",
            use_distributed_sampler=False,
            precision=config.precision,
            gradient_clip_val=config.gradient_clip,
            callbacks=callbacks,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            deterministic=True,
        )
    except (MisconfigurationException, ValueError) as error:
        raise InputError(
            f"accelerator={config.accelerator!r} with devices={config.devices} and "
            f"precision={config.precision!r} cannot be used here: {error}"
        ) from error


class _Report(Callback):
    """Tells the caller how far training is."""

    def __init__(self, progress: Progress, config: TrainingConfig) -> None:
        self._progress, self._config = progress, config

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Report the share of the most epochs."""
        done = trainer.current_epoch
        self._progress(
            f"training {self._config.objective}, epoch {done + 1}", done / self._config.epochs
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Lightning's advice on loaders and devices, which is not the user's to take."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
            warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def _restored_determinism() -> Iterator[None]:
    """Leaves the process as it was: a trainer makes all algorithms deterministic."""
    memory: Any = torch.utils.deterministic
    deterministic = torch.are_deterministic_algorithms_enabled()
    filled = memory.fill_uninitialized_memory
    # Nothing here reads memory that it did not write; filling it takes a fifteenth of the time.
    memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        memory.fill_uninitialized_memory = filled
