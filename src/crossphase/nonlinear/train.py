"""Training encoders on the user's arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from crossphase.errors import InputError
from crossphase.nonlinear.codes import Scaler, TrainedCodes
from crossphase.nonlinear.config import TrainingConfig
from crossphase.nonlinear.networks import (
    Align,
    Autoencode,
    Joint,
    Network,
    Predict,
    SelfAlign,
    Supervise,
)
from crossphase.nonlinear.prediction import squared_error, token_cross_entropy
from crossphase.nonlinear.training import fit_network
from crossphase.nonlinear.views import Kind, ViewShape, as_rows, kind_of

__all__ = ["train"]

Array = NDArray[Any]
Progress = Callable[[str, float], None]
Error = Callable[[Tensor, Tensor], Tensor]


def train(
    x: Array,
    y: Array,
    config: TrainingConfig | None = None,
    *,
    labels: NDArray[np.float64] | None = None,
    n_classes: int = 0,
    rows: NDArray[np.intp] | None = None,
    encoder_x: nn.Module | None = None,
    encoder_y: nn.Module | None = None,
    decoder: nn.Module | None = None,
    error: Error | None = None,
    x_kind: str = "auto",
    y_kind: str = "auto",
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> TrainedCodes:
    """Train encoders of two views under one objective.

    Vectors, shape (n, d), are standardised and get multilayer perceptrons; images, shape
    (n, height, width) or (n, channels, height, width), are brought to 64 × 64 and get the
    convolutional networks of arXiv 2606.11190; tokens, whole numbers of shape (n, length) with 0
    for padding, get a small transformer, and a decoder that predicts all of them at once. Any
    module of your own takes their place.

    Parameters
    ----------
    x, y : ndarray of shape (n, ...)
        Paired rows. uint8 images are scaled to 0–1, others by channel unless they lie in −1 to 1.
    config : TrainingConfig or None, default None
    labels : ndarray of shape (n, q) or None, default None
        For ``"supervise"`` alone: class numbers, or values.
    n_classes : int, default 0
        Of the labels; 0 for values.
    rows : ndarray of int or None, default None
        Rows that may be used; None uses all.
    encoder_x, encoder_y : nn.Module or None
        From a batch of rows to (batch, code_dim).
    decoder : nn.Module or None
        From (batch, code_dim) to what `error` compares with the target.
    error : callable or None, default None
        Of the decoder's output and the target's rows; None takes the squared error, and for
        tokens the cross-entropy.
    x_kind, y_kind : {"auto", "vectors", "images", "tokens"}
        What the views hold. By default shapes tell; tokens have to be said, because whole
        numbers may be counts.
    folder : path or None, default None
        Keeps checkpoints; a run that was stopped goes on from there.
    progress : callable or None

    Returns
    -------
    TrainedCodes

    Raises
    ------
    InputError
        For views of different length, too few rows, or values that are not of their kind.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> s = rng.normal(size=(300, 2))
    >>> x, y = np.hstack([s, rng.normal(size=(300, 3))]), s @ rng.normal(size=(2, 4))
    >>> config = TrainingConfig("predict x->y", code_dim=4, epochs=2, batch_size=64)
    >>> codes = train(x, y, config)
    >>> codes.views, codes.encode("x", x[:5]).shape
    (('x',), (5, 4))
    """
    config = config or TrainingConfig()
    if len(x) != len(y):
        raise InputError(f"{len(x)} rows of x and {len(y)} of y: give pairs, row by row")
    used = np.arange(len(x)) if rows is None else np.asarray(rows)
    kinds: dict[str, Kind] = {
        view: kind_of(rows, kind, name=view)
        for view, rows, kind in (("x", x, x_kind), ("y", y, y_kind))
    }
    formed = {view: as_rows(v, kinds[view], name=view) for view, v in (("x", x), ("y", y))}
    scalers = {view: Scaler.fit(rows, used, kinds[view]) for view, rows in formed.items()}
    shapes = {view: ViewShape.of(rows, kinds[view]) for view, rows in formed.items()}
    scaled = {view: scalers[view](rows) for view, rows in formed.items()}
    given = {"x": encoder_x, "y": encoder_y}

    def encoder(view: str) -> nn.Module:
        return given[view] or shapes[view].encoder(config)

    def decoded(view: str) -> nn.Module:
        return decoder or shapes[view].decoder(config)

    def error_of(view: str) -> Error:
        return error or (token_cross_entropy if kinds[view] == "tokens" else squared_error)

    def network() -> Network:
        objective = config.objective
        if objective == "align":
            return Align(config, {"x": encoder("x"), "y": encoder("y")})
        if objective == "joint":
            both = {"x": encoder("x"), "y": encoder("y")}
            return Joint(config, both, decoded("y"), error=error_of("y"))
        if objective.startswith("predict"):
            source, target = objective.removeprefix("predict ").split("->")
            found = encoder(source), decoded(target)
            return Predict(config, *found, source=source, error=error_of(target))
        view = objective.split()[1]
        if objective.startswith("autoencode"):
            found = encoder(view), decoded(view)
            return Autoencode(config, *found, view=view, error=error_of(view))
        if objective.startswith("self-align"):
            return SelfAlign(config, encoder(view), view=view)
        if labels is None:
            raise InputError(f"objective={objective!r} needs labels: give them, or choose another")
        return Supervise(
            config,
            {name: encoder(name) for name in ("x", "y") if view in (name, "both")},
            n_classes=n_classes,
            n_out=labels.shape[1],
            class_weights=_even(labels[used, 0], n_classes) if config.balanced else None,
        )

    trained = fit_network(
        network,
        scaled["x"],
        scaled["y"],
        config,
        rows=used,
        labels=labels,
        folder=None if folder is None else Path(folder),
        progress=progress,
    )
    return TrainedCodes(trained, scalers, shapes)


def _even(numbers: NDArray[np.float64], n_classes: int) -> Tensor | None:
    """Weights that let every class count the same; a class without rows counts nothing."""
    if not n_classes:
        return None
    counts = np.bincount(numbers.astype(np.intp), minlength=n_classes)
    weights = np.divide(len(numbers), n_classes * counts, out=np.zeros(n_classes), where=counts > 0)
    return torch.as_tensor(weights, dtype=torch.float32)
