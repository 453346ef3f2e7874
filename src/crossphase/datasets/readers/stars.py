"""LAMOST spectra × Kepler or TESS light curves: the archives' files, or cached features."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crossphase.data import LabelKind
from crossphase.data.align import examples, locate
from crossphase.datasets.modalities import DatasetLabel, Modalities
from crossphase.datasets.readers.star_files import (
    LightCurve,
    find_fits,
    read_light_curve,
    read_spectrum,
    target_of,
)
from crossphase.datasets.readers.star_views import (
    light_curve_features,
    light_curve_names,
    spectrum_features,
)
from crossphase.errors import Finding, InputError
from crossphase.io.tables import read_columns
from crossphase.sources.numpy_files import read_npy
from crossphase.sources.paths import checked_path

__all__ = ["read_star_features", "read_stars"]

Mission = Literal["kepler", "tess"]
Progress = Callable[[str, float], None]

_PARTS = ("train", "val", "test")
#: Columns of the cached labels, and which view each was derived from.
_CACHED = {
    "teff": "spectra",
    "logg": "spectra",
    "feh": "spectra",
    "prot": "light_curves",
}
_DERIVED = {
    "spectra": "an atmosphere parameter of spectroscopic pipelines",
    "light_curves": "the period of rotation, read off the light curve",
}
_CITATION = (
    "Cui, X.-Q. et al. (2012), LAMOST; Borucki, W. J. et al. (2010), Kepler; Ricker, G. R. et al. "
    "(2015), TESS"
)
_LICENCE = "as the archives have it: LAMOST's data policy, MAST"


def read_stars(
    spectra: str | os.PathLike[str],
    light_curves: str | os.PathLike[str],
    catalogue: str | os.PathLike[str],
    *,
    obsid_column: str = "obsid",
    target_column: str = "KID",
    labels: Sequence[str] = (),
    circular: dict[str, str] | None = None,
    n_wavelengths: int = 512,
    progress: Progress | None = None,
) -> Modalities:
    """Match LAMOST spectra with Kepler, K2 or TESS light curves and make features of both.

    Parameters
    ----------
    spectra, light_curves : path
        Folders of FITS files, searched with the folders in them; several light curves of one
        star (quarters, sectors) count as one.
    catalogue : path
        A table (.csv, .tsv, .parquet) that says which observation is which star: one row each,
        the best observation first.
    obsid_column, target_column : str, default "obsid" and "KID"
        Its columns with LAMOST's observation and the Kepler or TESS Input Catalog number.
    labels : sequence of str
        Its columns to take for labels.
    circular : mapping of str to str, default None
        Labels that were derived from ``"spectra"`` or ``"light_curves"``.
    n_wavelengths : int, default 512
    progress : callable of (str, float), default None

    Returns
    -------
    Modalities
        Views ``"spectra"`` (flux over continuum, :func:`spectrum_features`) and
        ``"light_curves"`` (:func:`light_curve_features`); a row a star, in the order of the
        catalogue.

    Raises
    ------
    InputError
        If a column or folder is missing, or no star has both.
    MissingExtraError
        Without Astropy or PyArrow.
    """
    report = progress or (lambda stage, fraction: None)
    aside = [obsid_column, target_column, *labels]
    table = read_columns(catalogue, aside)
    numbers = [_numbers(table.values[name], name) for name in (obsid_column, target_column)]
    observation = _by_target(spectra, "reading spectra", report, 0.0)
    curve = _by_target(light_curves, "reading light curves", report, 0.25)
    kept, seen, skipped = [], set(), []
    rows: dict[str, list[NDArray[np.float64]]] = {"spectra": [], "light_curves": []}
    for row, (obsid, target) in enumerate(zip(*numbers, strict=True)):
        report("making features", 0.5 + 0.5 * row / len(numbers[0]))
        if obsid not in observation or target not in curve or target in seen:
            continue
        try:
            features = (
                spectrum_features(read_spectrum(observation[obsid][0]), n_wavelengths),
                light_curve_features(_curves(curve[target])),
            )
        except InputError as error:
            skipped.append(str(error))
            continue
        seen.add(target)
        kept.append(row)
        for view, values in zip(rows.values(), features, strict=True):
            view.append(values)
    if not kept:
        reason = skipped[0] if skipped else "the numbers of files and catalogue do not meet"
        raise InputError(f"no star of {catalogue} has both a spectrum and a light curve: {reason}")
    findings = (
        Finding(
            "stars-matched",
            "info",
            f"{len(kept)} stars have both, of {len(observation)} spectra and {len(curve)} light "
            f"curves; {len(skipped)} more could not be used"
            + (f" (first: {skipped[0]})" if skipped else "")
            + ".",
            "The others are left out.",
        ),
    )
    chosen = np.array(kept)
    derived = circular or {}
    return Modalities(
        "lamost-light-curves",
        {view: np.array(values) for view, values in rows.items()},
        {
            name: _label(
                np.asarray(table.values[name])[chosen],
                (derived[name],) if name in derived else (),
            )
            for name in labels
        },
        ids=np.array([numbers[1][row] for row in kept]),
        features={"light_curves": light_curve_names()},
        description="LAMOST spectra and light curves of the same stars.",
        licence=_LICENCE,
        citation=_CITATION,
        findings=findings,
    )


def _by_target(
    folder: str | os.PathLike[str], stage: str, report: Progress, start: float
) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    files = find_fits(folder)
    for i, path in enumerate(files):
        report(stage, start + 0.25 * i / len(files))
        found.setdefault(target_of(path), []).append(path)
    return found


def _curves(paths: Sequence[Path]) -> list[LightCurve]:
    """The usable ones of a star's curves; raises where none is."""
    read, problems = [], []
    for path in paths:
        try:
            read.append(read_light_curve(path))
        except InputError as error:
            problems.append(error)
    if not read:
        raise problems[0]
    return read


def _numbers(column: Any, name: str) -> list[str]:
    """Catalogue numbers as plain text; a missing one turned the column into fractions."""
    values = np.asarray(column)
    if values.dtype.kind in "iu":
        return [str(int(value)) for value in values]
    if values.dtype.kind == "f":
        return ["" if np.isnan(value) else str(int(value)) for value in values]
    text = [str(value).strip() for value in values]
    if not all(value.isdecimal() or value in ("", "nan", "None") for value in text):
        odd = next(v for v in text if not v.isdecimal())
        raise InputError(f"column {name!r} holds {odd!r}: give whole catalogue numbers")
    return text


def _label(values: Any, circular: tuple[str, ...], description: str = "") -> DatasetLabel:
    array = np.asarray(values)
    kind: LabelKind = "continuous" if array.dtype.kind in "iuf" else "classes"
    if kind == "classes":
        array = np.array(["" if value is None or value != value else str(value) for value in array])
    return DatasetLabel(array, kind, circular_for=circular, description=description)


def read_star_features(
    folder: str | os.PathLike[str],
    mission: Mission = "kepler",
    *,
    ages: str | os.PathLike[str] | None = None,
    binarity: str | os.PathLike[str] | None = None,
) -> Modalities:
    """Read the frozen features of arXiv 2606.11190 as its code caches them.

    The folder holds, for each of the parts ``train``, ``val`` and ``test``,
    ``z_lamost_PART.npy``, ``z_kepler_PART.npy`` (or ``z_tess_PART.npy``) and
    ``meta_PART.parquet`` with the stars' numbers and labels; without the latter,
    ``labels_PART.npy`` with the columns teff, logg, feh and prot.

    Parameters
    ----------
    folder : path
    mission : {"kepler", "tess"}, default "kepler"
    ages : path, default None
        Table of gyrochronological ages with the columns ``KID``, ``final_age``, ``age_error``.
    binarity : path, default None
        Table of binaries with the columns ``KID`` and ``binarity_class``; class 3 is left out,
        every other above 0 is a binary.

    Returns
    -------
    Modalities
        Views ``"spectra"`` and ``"light_curves"``; the part each star belongs to is the covariate
        ``"part"``.

    Raises
    ------
    InputError
        If a file is missing, or rows do not agree.
    MissingExtraError
        For the tables, without pandas and pyarrow.
    """
    if mission not in ("kepler", "tess"):
        raise InputError(f"mission={mission!r}: choose kepler or tess")
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"{place} is no folder: give the one with z_lamost_train.npy")
    views = {
        view: [_array(place / f"z_{of}_{part}.npy") for part in _PARTS]
        for view, of in (("spectra", "lamost"), ("light_curves", mission))
    }
    sizes = [len(values) for values in views["spectra"]]
    if sizes != [len(values) for values in views["light_curves"]]:
        raise InputError(f"{place} has {sizes} spectra and another number of light curves")
    about = _cached_about(place, sizes)
    labels = {
        name: _label(about[name], (view,), _DERIVED[view])
        for name, view in _CACHED.items()
        if name in about
    }
    kepler_ids = about.get("KID")
    if (ages is not None or binarity is not None) and kepler_ids is None:
        raise InputError(f"{place} has no column KID in meta_train.parquet: labels need it")
    if binarity is not None:
        classes = _joined(binarity, "binarity_class", kepler_ids)
        told = np.where(classes == 3, np.nan, classes)
        text = np.where(np.isnan(told), "", np.where(told > 0, "binary", "single"))
        labels = {"binarity": _label(text, (), "non-single stars of Gaia"), **labels}
    if ages is not None:
        values = _joined(ages, "final_age", kepler_ids, complete=("age_error",))
        why = "from the period of rotation in the light curve and a temperature"
        labels["age"] = _label(values, ("light_curves",), why)
    ids = about.get("gaia_source_id")
    return Modalities(
        f"lamost-{mission}",
        {view: np.concatenate(values).astype(np.float64) for view, values in views.items()},
        labels,
        ids=None if ids is None else np.array([str(int(value)) for value in ids]),
        covariates={"part": np.repeat(_PARTS, sizes)},
        description=f"Frozen features of LAMOST spectra and of {mission} light curves.",
        licence=_LICENCE,
        citation=_CITATION,
    )


def _array(path: Path) -> NDArray[Any]:
    values = read_npy(checked_path(path))
    if values.ndim != 2:
        raise InputError(f"{path} has shape {values.shape}: give one row a star")
    return values


def _cached_about(place: Path, sizes: list[int]) -> dict[str, NDArray[Any]]:
    """Columns of the stars of all parts, or the labels alone where there are no tables."""
    if (place / f"meta_{_PARTS[0]}.parquet").is_file():
        tables = [read_columns(place / f"meta_{part}.parquet").values for part in _PARTS]
        names = [name for name in tables[0] if all(name in table for table in tables)]
        parts = [{name: np.asarray(table[name]) for name in names} for table in tables]
    elif (place / f"labels_{_PARTS[0]}.npy").is_file():
        arrays = [_array(place / f"labels_{part}.npy") for part in _PARTS]
        if any(array.shape[1] != len(_CACHED) for array in arrays):
            raise InputError(f"{place} has labels of other columns than {', '.join(_CACHED)}")
        parts = [dict(zip(_CACHED, array.T, strict=True)) for array in arrays]
    else:
        return {}
    found = [len(next(iter(part.values()))) for part in parts]
    if found != sizes:
        raise InputError(f"{place} has {sizes} features and {found} rows of labels")
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _joined(
    path: str | os.PathLike[str], column: str, wanted: Any, complete: Sequence[str] = ()
) -> NDArray[np.float64]:
    """A catalogue's column for the stars wanted, NaN where it has none; its last row counts."""
    needed = ["KID", column, *complete]
    table = read_columns(path, needed).values
    whole = np.logical_and.reduce(
        [~np.isnan(np.asarray(table[n], dtype=np.float64)) for n in needed]
    )
    numbers = np.asarray(table["KID"], dtype=np.float64)[whole].astype(np.int64)
    values = np.asarray(table[column], dtype=np.float64)[whole]
    at = locate(np.asarray(wanted).astype(np.int64).tolist(), numbers.tolist())
    if (at < 0).all():
        raise InputError(
            f"{path} has none of the stars ({examples(numbers.tolist())}): check column KID"
        )
    return np.where(at < 0, np.nan, values[at])
