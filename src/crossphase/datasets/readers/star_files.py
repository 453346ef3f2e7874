"""FITS files of stars: LAMOST low-resolution spectra, and light curves of Kepler, K2 and TESS."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.errors import InputError, import_extra
from crossphase.sources.paths import existing_file
from crossphase.sources.reading import reading_failed

__all__ = ["LightCurve", "Spectrum", "find_fits", "read_light_curve", "read_spectrum", "target_of"]

_MEND = "download it again"
_ENDINGS = (".fits", ".fit", ".fits.gz", ".fit.gz")
#: Header keywords that hold the target's number, and columns of the quality flags, by telescope.
_TARGETS = ("KEPLERID", "TICID", "OBSID")
_QUALITY = ("SAP_QUALITY", "QUALITY")


@dataclass(frozen=True, eq=False)
class Spectrum:
    """One LAMOST spectrum.

    Attributes
    ----------
    obsid : str
        LAMOST's number of the observation.
    wavelength : ndarray of shape (m,)
        Vacuum, in ångström, ascending, as observed.
    flux : ndarray of shape (m,)
        Relative.
    good : ndarray of bool of shape (m,)
        Pixels with a finite flux, a positive inverse variance, and no flag in all exposures.
    redshift : float
        As the header has it; 0 where it has none.
    signal_to_noise : float
        In g; NaN where the header has none.
    """

    obsid: str
    wavelength: NDArray[np.float64]
    flux: NDArray[np.float64]
    good: NDArray[np.bool_]
    redshift: float
    signal_to_noise: float


@dataclass(frozen=True, eq=False)
class LightCurve:
    """One quarter, campaign or sector of one star.

    Attributes
    ----------
    target : str
        Kepler or TESS Input Catalog number.
    mission : str
        "Kepler", "K2" or "TESS".
    time : ndarray of shape (m,)
        In days, finite, ascending.
    flux : ndarray of shape (m,)
        ``PDCSAP_FLUX``, in electrons a second, finite, without flagged cadences.
    n_dropped : int
        Cadences that were flagged or without a number.
    """

    target: str
    mission: str
    time: NDArray[np.float64]
    flux: NDArray[np.float64]
    n_dropped: int


def find_fits(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """All FITS files in a folder and the folders in it, packed or not, sorted.

    Raises
    ------
    InputError
        If there is no such folder, or no file in it.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"{place} is no folder: give the one with the FITS files")
    found = tuple(sorted(p for p in place.rglob("*") if p.name.lower().endswith(_ENDINGS)))
    if not found:
        raise InputError(f"{place} holds no FITS files ({', '.join(_ENDINGS)}): check the folder")
    return found


def target_of(path: str | os.PathLike[str]) -> str:
    """The number in a file's first header: KEPLERID, TICID or OBSID.

    Raises
    ------
    InputError
        If the file cannot be read or has none.
    MissingExtraError
        Without Astropy.
    """
    with _opened(path) as (checked, parts):
        return _target(parts[0].header, checked)


def read_spectrum(path: str | os.PathLike[str]) -> Spectrum:
    """Read a LAMOST low-resolution spectrum of any data release.

    Up to release 7 flux, inverse variance, wavelength and masks are the rows of the first part's
    image; from release 8 on they are columns of the table ``COADD``.

    Parameters
    ----------
    path : str or path-like
        A ``spec-*.fits`` or ``.fits.gz``.

    Returns
    -------
    Spectrum

    Raises
    ------
    InputError
        If the file is no such spectrum.
    MissingExtraError
        Without Astropy.
    """
    with _opened(path) as (checked, parts):
        header = parts[0].header
        if parts[0].data is not None and parts[0].data.ndim == 2 and len(parts[0].data) >= 3:
            rows = np.asarray(parts[0].data, dtype=np.float64)
            flux, weight, wavelength = rows[:3]
            flags = rows[3] if len(rows) > 3 else np.zeros_like(flux)
            if "COEFF0" in header and "COEFF1" in header:
                # Of the pilot survey the third row is no wavelength.
                steps = np.arange(len(flux))
                wavelength = 10.0 ** (header["COEFF0"] + header["COEFF1"] * steps)
        else:
            flux, weight, wavelength, flags = _table_spectrum(checked, parts)
        if not (np.diff(wavelength) > 0).all():
            raise InputError(f"{checked} has wavelengths that do not ascend: {_MEND}")
        return Spectrum(
            _target(header, checked),
            wavelength,
            flux,
            np.isfinite(flux) & (weight > 0) & (flags == 0),
            _number(header, "Z", 0.0),
            _number(header, "SNRG", np.nan),
        )


def _table_spectrum(path: Path, parts: Any) -> list[NDArray[np.float64]]:
    wanted = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK")
    for part in parts[1:]:
        names = _columns(part)
        if {"FLUX", "IVAR", "WAVELENGTH"} <= set(names):
            length = np.ravel(part.data["FLUX"]).size
            return [
                np.ravel(part.data[name]).astype(np.float64) if name in names else np.zeros(length)
                for name in wanted
            ]
    raise InputError(
        f"{path} holds neither an image of flux, inverse variance and wavelength nor a table with "
        "FLUX, IVAR and WAVELENGTH: give LAMOST low-resolution spectra"
    )


def read_light_curve(path: str | os.PathLike[str]) -> LightCurve:
    """Read a light-curve file of Kepler, K2 or TESS.

    Parameters
    ----------
    path : str or path-like
        A ``kplr*_llc.fits``, ``ktwo*_llc.fits`` or ``tess*_lc.fits``.

    Returns
    -------
    LightCurve

    Raises
    ------
    InputError
        If the file is no such light curve, or no cadence of it is usable.
    MissingExtraError
        Without Astropy.
    """
    with _opened(path) as (checked, parts):
        table = next((p for p in parts[1:] if "PDCSAP_FLUX" in _columns(p)), None)
        if table is None or "TIME" not in _columns(table):
            raise InputError(
                f"{checked} has no table with TIME and PDCSAP_FLUX: give light-curve files of "
                "Kepler, K2 or TESS, not target pixels"
            )
        time, flux = (
            np.asarray(table.data[name], dtype=np.float64) for name in ("TIME", "PDCSAP_FLUX")
        )
        flagged = np.zeros(len(time), dtype=bool)
        for name in _QUALITY:
            if name in _columns(table):
                flagged |= np.asarray(table.data[name]) != 0
        good = np.isfinite(time) & np.isfinite(flux) & ~flagged
        if not good.any():
            raise InputError(f"{checked} has no usable cadence: leave it out")
        header = parts[0].header
        mission = str(header.get("MISSION", header.get("TELESCOP", ""))).strip()
        order = np.argsort(time[good], kind="stable")
        return LightCurve(
            _target(header, checked),
            mission,
            time[good][order],
            flux[good][order],
            int((~good).sum()),
        )


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[tuple[Path, Any]]:
    fits = import_extra("astropy.io.fits", "stars", "reading FITS files")
    checked = existing_file(path)
    try:
        with warnings.catch_warnings(), fits.open(checked, memmap=False) as parts:
            # Headers that bend the standard are the archives' own; a file that breaks off is not.
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", message=".*truncated.*")
            yield checked, parts
    except InputError:
        raise
    except (OSError, ValueError, TypeError, KeyError, EOFError, UserWarning) as error:
        raise reading_failed(checked, error, _MEND) from None


def _columns(part: Any) -> tuple[str, ...]:
    """Names of a part's columns; none if it is an image."""
    return tuple(getattr(getattr(part, "columns", None), "names", ()))


def _target(header: Any, path: Path) -> str:
    for key in _TARGETS:
        if header.get(key) not in (None, ""):
            return str(int(header[key]))
    raise InputError(f"{path} names no target ({', '.join(_TARGETS)} in its header): {_MEND}")


def _number(header: Any, key: str, otherwise: float) -> float:
    """A header's number; LAMOST writes -9999 where it has none."""
    value = header.get(key)
    if not isinstance(value, int | float) or not np.isfinite(value) or value <= -9999:
        return otherwise
    return float(value)
