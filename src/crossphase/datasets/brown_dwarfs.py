"""Near-infrared spectra and 2MASS photometry of brown dwarfs and cool stars (SpeX Prism)."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from crossphase.datasets.cards import Archive, DatasetCard, LabelCard, ViewCard
from crossphase.datasets.fits_image import read_primary_image
from crossphase.datasets.members import read_members, table_rows
from crossphase.datasets.modalities import Modalities
from crossphase.errors import InputError

__all__ = ["CARD", "read", "resampled", "spectral_type"]

CARD = DatasetCard(
    name="brown-dwarfs",
    title="brown dwarfs and cool stars, spectrum x photometry",
    description=(
        "SpeX prism spectra of brown dwarfs and cool stars from 0.9 to 2.3 micrometres, divided "
        "by their mean, beside 2MASS magnitudes. One spectrum of each object: of those with an "
        "optical type, if there are any, the one with the highest signal-to-noise ratio."
    ),
    licence="MIT (the package); cite the library and the source of each spectrum you show.",
    citation=(
        "Burgasser, A. J. and the SPLAT Development Team (2017). The SpeX Prism Library Analysis "
        "Toolkit. ASI Conference Series 14, 7-12."
    ),
    n=2243,
    views={
        "spectrum": ViewCard(256, "flux at 256 wavelengths over its mean"),
        "photometry": ViewCard(3, "J, H and Ks magnitudes"),
    },
    labels={
        "optical type": LabelCard("continuous", 804, "optical spectral type, M0 = 0, L0 = 10"),
        "subdwarf": LabelCard(
            "classes", 804, "poor in metals or not; objects with an optical type", 2
        ),
        "gravity": LabelCard(
            "classes", 804, "low gravity in the optical or not; objects with an optical type", 2
        ),
    },
    archives=(
        Archive(
            "pip",
            "splat",
            "1.14",
            "splat-1.14-py3-none-any.whl",
            "398a1ab79c4d25466032c3aad777cc6d1d171dc7ebf17da609296e4dc4ee9d4b",
            81639731,
        ),
    ),
    notes=(
        "Spectra of good quality that cover 0.9 to 2.3 micrometres; galaxies, white dwarfs, "
        "quasars and the like are left out.",
        "Entries that share their name, or all three magnitudes to a hundredth (most are pairs "
        "that 2MASS does not resolve), are taken for one object. Two objects with the very same "
        "spectrum are both left out: one of them has a spectrum that is not its own.",
        "GRAVITY_CLASS_NIR and SPEX_TYPE of the package were read off these spectra and are left "
        "out; a class of gravity or metallicity that is not given is taken to be the usual one.",
    ),
    revision=2,
)

_SOURCES = "splat/db/source_data.csv"
_SPECTRA = "splat/db/spectral_data.csv"
_FOLDER = "splat/resources/Spectra/Public/SPEX-PRISM/"
_MAGNITUDES = ("J_2MASS", "H_2MASS", "KS_2MASS")
_STELLAR = ("VLM", "STAR", "GIANT", "CARBON", "PLANET")
_LOW_GRAVITY = ("beta", "gamma", "delta")
_GRID = np.linspace(0.9, 2.3, 256)
_CLASSES = "MLTY"


@dataclass(frozen=True, eq=False, slots=True)
class _Observation:
    source: Mapping[str, str]
    quality: float
    spectrum: NDArray[np.float64]
    magnitudes: tuple[float, ...]

    @property
    def marks(self) -> set[object]:
        """What two entries of one object share: the name, or the magnitudes to a hundredth."""
        return {self.source["NAME"], tuple(round(magnitude, 2) for magnitude in self.magnitudes)}

    def rank(self) -> tuple[bool, float, int]:
        """Smallest for the best: with an optical type, then the highest signal-to-noise ratio."""
        untyped = bool(np.isnan(spectral_type(self.source["OPT_TYPE"])))
        return untyped, -self.quality, int(self.source["SOURCE_KEY"])


def read(archives: Mapping[str, Path]) -> Modalities:
    """The data from the package's tables and spectra."""
    wanted = {_SOURCES, _SPECTRA}
    found = read_members(archives["splat"], lambda name: name in wanted or name.startswith(_FOLDER))
    sources = {row["SOURCE_KEY"]: row for row in _records(found[_SOURCES])}
    observed = []
    for row in _records(found[_SPECTRA]):
        source = sources.get(row["SOURCE_KEY"])
        data = found.get(f"{_FOLDER}{row['DATA_FILE']}.gz")
        if source is None or data is None or not _usable(row, source):
            continue
        spectrum = resampled(_image(data, row["DATA_FILE"]))
        magnitudes = tuple(_number(source[name]) for name in _MAGNITUDES)
        if spectrum is not None and np.isfinite(magnitudes).all():
            quality = float(np.nan_to_num(_number(row["MEDIAN_SNR"])))
            observed.append(_Observation(source, quality, spectrum, magnitudes))
    kept = sorted(_one_each(observed), key=lambda one: int(one.source["SOURCE_KEY"]))
    chosen = [one.source for one in kept]
    types = np.array([spectral_type(source["OPT_TYPE"]) for source in chosen])
    marks = {
        "subdwarf": [bool(source["METALLICITY_CLASS"]) for source in chosen],
        "gravity": [source["GRAVITY_CLASS_OPTICAL"] in _LOW_GRAVITY for source in chosen],
    }
    names = {"subdwarf": ("dwarf", "subdwarf"), "gravity": ("usual", "low")}
    return CARD.modalities(
        {
            "spectrum": np.array([one.spectrum for one in kept]),
            "photometry": np.array([one.magnitudes for one in kept]),
        },
        {
            "optical type": types,
            **{
                label: np.where(np.isnan(types), "", np.where(of, *reversed(names[label])))
                for label, of in marks.items()
            },
        },
        ids=np.array([source["NAME"] for source in chosen]),
        features={"photometry": ("J", "H", "Ks")},
    )


def _one_each(observed: Sequence[_Observation]) -> list[_Observation]:
    """The best observation of every object, without spectra that several objects have."""
    objects = _objects(observed)
    owners: dict[bytes, set[int]] = {}
    for number, one in zip(objects, observed, strict=True):
        owners.setdefault(one.spectrum.tobytes(), set()).add(number)
    kept: dict[int, _Observation] = {}
    for number, one in sorted(
        zip(objects, observed, strict=True), key=lambda entry: entry[1].rank()
    ):
        if len(owners[one.spectrum.tobytes()]) == 1:
            kept.setdefault(number, one)
    return list(kept.values())


def _objects(observed: Sequence[_Observation]) -> list[int]:
    """Which object each observation is of: those that share a mark, or a third links, are one."""
    numbers: dict[object, int] = {}
    links = [
        (i, len(observed) + numbers.setdefault(mark, len(numbers)))
        for i, one in enumerate(observed)
        for mark in one.marks
    ]
    size = len(observed) + len(numbers)
    graph = sparse.coo_array((np.ones(len(links)), np.array(links).T), shape=(size, size))
    _, of = connected_components(graph, directed=False)
    return [int(number) for number in of[: len(observed)]]


def _records(data: bytes) -> list[dict[str, str]]:
    header, *rows = table_rows(data)
    return [dict(zip(header, row, strict=True)) for row in rows]


def _usable(row: Mapping[str, str], source: Mapping[str, str]) -> bool:
    return row["QUALITY_FLAG"] == "OK" and source["OBJECT_TYPE"] in _STELLAR


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _image(data: bytes, name: str) -> NDArray[np.float64]:
    try:
        return read_primary_image(gzip.decompress(data), name)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name} in the archive is damaged ({error}): fetch it again") from None


def resampled(image: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """A spectrum on the common wavelengths, over its mean; None where it does not cover them.

    Parameters
    ----------
    image : ndarray
        Wavelength in micrometres, flux and perhaps more, in rows or columns.

    Returns
    -------
    ndarray of shape (256,) or None
    """
    table = image.reshape(-1, *image.shape[-2:])[0]
    table = table if len(table) <= 4 else table.T
    wavelength, flux = table[0], table[1]
    finite = np.isfinite(wavelength) & np.isfinite(flux)
    wavelength, flux = wavelength[finite], flux[finite]
    if not len(flux) or wavelength.min() > _GRID[0] or wavelength.max() < _GRID[-1]:
        return None
    order = np.argsort(wavelength, kind="stable")
    values = np.interp(_GRID, wavelength[order], flux[order])
    mean = values.mean()
    return values / mean if np.isfinite(mean) and mean > 0 else None


def spectral_type(text: str) -> float:
    """A spectral type of classes M to Y as a number, M0 = 0 and L0 = 10; NaN for all others.

    Examples
    --------
    >>> spectral_type("sdL3.5pec"), spectral_type("galaxy?")
    (13.5, nan)
    """
    match = re.search(rf"([{_CLASSES}])(\d(?:\.\d)?)", text)
    return float("nan") if match is None else 10.0 * _CLASSES.index(match[1]) + float(match[2])
