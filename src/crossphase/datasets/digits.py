"""Six feature views of 2,000 handwritten digits (UCI Multiple Features), bundled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.datasets.cards import DatasetCard, LabelCard, ViewCard
from crossphase.datasets.modalities import Modalities

__all__ = ["ARCHIVE", "CARD", "VIEWS", "read", "unpack"]

ARCHIVE = Path(__file__).parent / "digits_views" / "digits_views.npz"

#: View name -> (published table, number of features, what they are).
VIEWS = MappingProxyType(
    {
        "fourier": ("mfeat-fou", 76, "Fourier coefficients of the character shape"),
        "profile": ("mfeat-fac", 216, "profile correlations"),
        "karhunen": ("mfeat-kar", 64, "Karhunen-Loève coefficients"),
        "pixels": ("mfeat-pix", 240, "pixel averages in 2 x 3 windows"),
        "zernike": ("mfeat-zer", 47, "Zernike moments"),
        "morphology": ("mfeat-mor", 6, "morphological features"),
    }
)

CARD = DatasetCard(
    name="digits-views",
    title="handwritten digits, six feature views",
    description=(
        "2,000 handwritten digits from Dutch utility maps, 200 of each, described by six feature "
        "sets."
    ),
    licence="CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
    citation=(
        "Duin, R. (1998). Multiple Features. UCI Machine Learning Repository. "
        "https://doi.org/10.24432/C5HC70"
    ),
    n=2000,
    views={name: ViewCard(width, what) for name, (_, width, what) in VIEWS.items()},
    labels={"digit": LabelCard("classes", 2000, "the digit that was written", 10)},
    may_bundle=True,
    notes=("Six digits stand twice in all views, as they were published.",),
)


def unpack() -> tuple[dict[str, NDArray[np.float64]], NDArray[Any]]:
    """The six views as published, each (2000, d) float64, and the digit of each row."""
    with np.load(ARCHIVE, allow_pickle=False) as archive:
        views = {
            name: np.ascontiguousarray(
                (archive[f"{name}.integers"] / 10.0 ** archive[f"{name}.places"]).T
            )
            for name in VIEWS
        }
        return views, archive["digits"]


def read(archives: Mapping[str, Path]) -> Modalities:
    """The data; nothing has to be fetched, so `archives` is not used."""
    del archives
    views, digits = unpack()
    return CARD.modalities(views, {"digit": digits.astype(str)})
