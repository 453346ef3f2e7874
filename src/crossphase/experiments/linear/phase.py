"""The phase diagram of the homogeneous model, still and in motion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.plots.palette import LIGHT
from crossphase.theory import Regime, phase_boundaries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_phase_diagram", "sweep_values", "write_animation"]

Array = NDArray[np.float64]

_KAPPA = np.linspace(0.0, 3.0, 301)
_HOLD, _FRAMES_PER_SECOND = 10, 15


def draw_phase_diagram() -> Figure:
    """Regimes over κ × ν for loud and for quiet nuisance in y.

    Returns
    -------
    matplotlib Figure
    """
    figure, axes = _two_panels()
    for ax, loudness in zip(axes, (5.0, 0.05), strict=True):
        _draw_regimes(ax, gamma_y=0.05, gamma_tilde_y=loudness)
    return figure


def sweep_values(low: float, high: float, frames: int) -> Array:
    """From low to high and back, log-spaced, resting ten frames at either end.

    Parameters
    ----------
    low, high : float
    frames : int
        In all; at least 24.

    Returns
    -------
    ndarray of shape (frames,)

    Examples
    --------
    >>> sweep_values(0.05, 5.0, 60)[[0, 20, 29, 50, 59]]
    array([0.05, 5.  , 5.  , 0.05, 0.05])
    """
    up = (frames - 2 * _HOLD) // 2
    down = frames - 2 * _HOLD - up
    rise, fall = np.geomspace(low, high, up), np.geomspace(high, low, down)
    return np.concatenate([rise, np.full(_HOLD, high), fall, np.full(_HOLD, low)])


def write_animation(path: Path, frames: int) -> None:
    """A GIF in which y's signal noise (left) and nuisance (right) rise and fall.

    Parameters
    ----------
    path : Path
        Ending in .gif.
    frames : int
    """
    from matplotlib.animation import FuncAnimation, PillowWriter

    figure, (left, right) = _two_panels(layout=None)
    # No layout engine: the panels must not move between frames.
    figure.subplots_adjust(left=0.08, right=0.98, top=0.91, bottom=0.3)
    noise, loudness = sweep_values(0.05, 2.0, frames), sweep_values(0.05, 5.0, frames)

    def draw(frame: int) -> tuple[Axes, Axes]:
        left.clear()
        right.clear()
        _draw_regimes(left, gamma_y=noise[frame], gamma_tilde_y=5.0)
        _draw_regimes(right, gamma_y=0.05, gamma_tilde_y=loudness[frame])
        return left, right

    moving = FuncAnimation(figure, draw, frames=frames)
    moving.save(path, writer=PillowWriter(fps=_FRAMES_PER_SECOND), dpi=80)


def _two_panels(
    layout: Literal["constrained"] | None = "constrained",
) -> tuple[Figure, tuple[Axes, Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.8), layout=layout)
    left, right = figure.subplots(1, 2)
    return figure, (left, right)


def _draw_regimes(ax: Axes, *, gamma_y: float, gamma_tilde_y: float) -> None:
    bounds = phase_boundaries(
        _KAPPA, gamma_x=1.0, gamma_y=gamma_y, gamma_tilde_x=1.0, gamma_tilde_y=gamma_tilde_y
    )
    align, predict = bounds.align, bounds.predict_xy
    lower, upper = np.minimum(align, predict), np.maximum(align, predict)
    bands = (
        (Regime.BOTH, 0 * lower, lower, None),
        (Regime.CA_ONLY, lower, upper, align > predict),
        (Regime.CP_ONLY, lower, upper, align < predict),
        (Regime.NEITHER, upper, 0 * upper + 1, None),
    )
    for regime, low, high, where in bands:
        ax.fill_between(
            _KAPPA, low, high, where=where, color=LIGHT.regime(regime), label=str(regime), lw=0
        )
    ax.plot(_KAPPA, align, color=LIGHT.signal, label="Δ_CA = 1")
    ax.plot(_KAPPA, predict, "--", color=LIGHT.nuisance, label="Δ_CP = 1")
    ax.set(xlim=(0, 3), ylim=(0, 1), xlabel="κ", ylabel="ν")
    ax.set_title(f"γy = {gamma_y:.2f}, γ̃y = {gamma_tilde_y:.2f}")
    ax.legend(loc="upper left", bbox_to_anchor=(-0.05, -0.16), ncols=3, columnspacing=0.8)
