"""What the diagnosis says of one configuration, by both estimators, from two kinds of features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crossphase.config import Settings
from crossphase.data import PairedData
from crossphase.datasets.stereo.pairs import StereoPairs
from crossphase.diagnosis import diagnose
from crossphase.experiments.stereo.cell import Configuration, make_pairs
from crossphase.experiments.stereo.scale import StereoScale
from crossphase.features import PatchFeatures
from crossphase.outlook import Outlook, compute_outlook
from crossphase.outlook.intervals import interval
from crossphase.theory import Regime

__all__ = [
    "FEATURES",
    "NAMED",
    "NARROW",
    "REGIMES",
    "Foretold",
    "foretell",
    "foretell_from",
    "name_winner",
]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]

FEATURES = ("pixels", "patches")
"""What is diagnosed: principal components of pixels, or of patch averages (PatchFeatures)."""

REGIMES = tuple(regime for regime in Regime)
"""Numbers in tables count along it."""

NAMED = ("neither or both", "CA", "CP")
"""Which objective alone recovers the signal, or foretells more."""

NARROW = 8
"""Width of the codes that show which directions are loud."""

_NAMES = {Regime.CA_ONLY: 1, Regime.CP_ONLY: 2}
_PATCH_COMPONENTS = 100


@dataclass(frozen=True, slots=True)
class Foretold:
    """What one diagnosis says. Scores are balanced accuracies with x at hand.

    Attributes
    ----------
    regime, published_regime : int
        As in REGIMES.
    named, published_named : int
        By the regime alone, as in NAMED.
    delta_ca, delta_cp, published_delta_ca, published_delta_cp : float
    align, predict : float
        Of whole codes, lifted.
    gap, gap_low, gap_high : float
        Alignment less prediction. The interval is of 97.5 %, since there are two to look at; all
        scores are of the same held-out rows, and drawn together.
    narrow_align, narrow_predict, narrow_gap, narrow_gap_low, narrow_gap_high : float
        The same of the NARROW leading directions of linear codes.
    """

    regime: int
    published_regime: int
    named: int
    published_named: int
    delta_ca: float
    delta_cp: float
    published_delta_ca: float
    published_delta_cp: float
    align: float
    predict: float
    gap: float
    gap_low: float
    gap_high: float
    narrow_align: float
    narrow_predict: float
    narrow_gap: float
    narrow_gap_low: float
    narrow_gap_high: float


def foretell(
    name: str,
    scale: StereoScale,
    configuration: Configuration,
    seed: int,
    *,
    data_dir: str | None = None,
    data_seed: int = 0,
) -> Mapping[str, Array]:
    """Diagnose the training rows from a few labels.

    Parameters
    ----------
    name : {"dsprites", "shapes3d"}
    scale : StereoScale
    configuration : Configuration
    seed : int
        Of the split and of the rows that keep their labels.
    data_dir : str or None, default None
    data_seed : int, default 0
        Of the rows; 0 takes the published ones.

    Returns
    -------
    dict of str to ndarray of shape (2,)
        A row for each of FEATURES: its number `features`, `jitter`, `noise`, what
        :class:`Foretold` has, and, the same in both rows, whom both name: `winner`, see
        :func:`name_winner`.
    """
    pairs = make_pairs(name, scale, configuration, data_dir, data_seed=data_seed)
    rows = np.sort(pairs.split(seed).train)
    pixels = pairs.paired_data(rows, n_labelled=min(scale.labels, len(rows)), seed=seed)
    of_x, of_y = _patch_features(pairs, rows, seed)
    told = [foretell_from(data, seed) for data in (pixels, replace(pixels, x=of_x, y=of_y))]
    about = {
        "jitter": configuration.jitter,
        "noise": configuration.noise,
        "winner": name_winner(*told),
    }
    found = [
        about | {"features": number} | {key: getattr(row, key) for key in Foretold.__slots__}
        for number, row in enumerate(told)
    ]
    return {key: np.array([row[key] for row in found], dtype=np.float64) for key in found[0]}


def name_winner(pixels: Foretold, patches: Foretold) -> int:
    """Which objective is foretold to win.

    The regime of the pixels decides where it names one objective alone: it is a statement about
    the pairs. Otherwise the outlook of the patches does, since it is a statement about networks,
    and convolutions see patches: whole codes first, and where these are as good as each other, what
    comes first in them.

    Parameters
    ----------
    pixels, patches : Foretold
        Of the two kinds of FEATURES.

    Returns
    -------
    int
        As in NAMED.
    """
    return (
        pixels.named
        or _side(patches.gap_low, patches.gap_high)
        or _side(patches.narrow_gap_low, patches.narrow_gap_high)
    )


def _side(low: float, high: float) -> int:
    """Whom a difference of alignment and prediction names, if all of its interval does."""
    return 1 if low > 0 else 2 if high < 0 else 0


def foretell_from(data: PairedData, seed: int) -> Foretold:
    """Diagnose features by both estimators, and foretell narrow and whole codes.

    Parameters
    ----------
    data : PairedData
        With one column of classes.
    seed : int

    Returns
    -------
    Foretold
    """
    settings = Settings(stability=False, outlook=False, seed=seed)
    robust = diagnose(data, settings=settings)
    published = diagnose(data, estimator="published", seed=seed)
    whole, narrow = _outlook(data, settings), _outlook(data, replace(settings, latent_dim=NARROW))
    scores: dict[str, float] = {}
    for prefix, outlook, kind in (("", whole, "lifted"), ("narrow_", narrow, "linear")):
        align, predict = (_at_x(outlook, code, kind) for code in ("align", "predict x->y"))
        gap = align - predict
        of_gap = interval(gap[1:], 1 - (1 - settings.level) / 2)
        found = {
            "align": align[0],
            "predict": predict[0],
            "gap": gap[0],
            "gap_low": of_gap.lower,
            "gap_high": of_gap.upper,
        }
        scores |= {prefix + key: float(value) for key, value in found.items()}
    return Foretold(
        regime=REGIMES.index(robust.regime),
        published_regime=REGIMES.index(published.regime),
        named=_NAMES.get(robust.regime, 0),
        published_named=_NAMES.get(published.regime, 0),
        delta_ca=robust.alignment.delta,
        delta_cp=robust.prediction_xy.delta,
        published_delta_ca=published.alignment.delta,
        published_delta_cp=published.prediction_xy.delta,
        **scores,
    )


def _outlook(data: PairedData, settings: Settings) -> Outlook:
    """Outlooks of one seed share folds and draws, so that their scores can be subtracted."""
    assert data.labels is not None
    return compute_outlook(
        data.x,
        data.y,
        data.labels.columns,
        labelled=data.labelled_rows,
        settings=settings,
        rng=np.random.default_rng(settings.seed),
    )


def _at_x(outlook: Outlook, representation: str, kind: str) -> Array:
    """Score, then its draws, with x at hand."""
    wanted = (representation, kind, "x")
    at = next(
        i
        for i, row in enumerate(outlook.rows)
        if (row.representation, row.kind, row.view) == wanted
    )
    return np.append(outlook.rows[at].score, outlook.draws[at])


def _patch_features(pairs: StereoPairs, rows: Ints, seed: int) -> tuple[Array, Array]:
    """Patch features of each view, fitted on that view's images alone."""
    halved: list[list[NDArray[np.uint8]]] = [[], []]
    for _, *views in pairs.batches(rows):
        for kept, view in zip(halved, views, strict=True):
            kept.append(_halved(view))
    of_x, of_y = (np.concatenate(parts) for parts in halved)
    return _fitted(of_x, seed), _fitted(of_y, seed)


def _fitted(images: NDArray[np.uint8], seed: int) -> Array:
    return PatchFeatures.fit(images, _PATCH_COMPONENTS, seed=seed)(images).astype(np.float64)


def _halved(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images of half the side, channels last."""
    n, channels, height, width = images.shape
    blocks = images.reshape(n, channels, height // 2, 2, width // 2, 2).mean(axis=(3, 5))
    halved: NDArray[np.uint8] = np.rint(blocks.transpose(0, 2, 3, 1)).astype(np.uint8)
    return halved
