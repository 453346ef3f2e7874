"""Which pairs of which sets an experiment is about, and what is done to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from crossphase import datasets
from crossphase.data import PairedData
from crossphase.datasets import Modalities
from crossphase.errors import InputError
from crossphase.experiments.real.styles import styled
from crossphase.features import image_features, open_images, text_features

__all__ = ["NAMES", "TITLES", "Case", "Source", "cases_of", "pair_of"]

Change = Literal["", "style", "noise"]

_SIDE = 64


@dataclass(frozen=True, slots=True)
class Source:
    """Where data come from and how images and texts become features.

    Attributes
    ----------
    folder : str or None
        Of fetched data.
    file : str or None
        What ``crossphase datasets read`` wrote, in place of the sets of the experiment.
    image_encoder, text_encoder : str
        Of captions, see :mod:`crossphase.features`; ``"as given"`` takes the texts' view of the
        set.
    keep : str or None
        Folder that keeps features.
    only : tuple of str
        How the names of the cases to take begin, in any case of letters; () takes all.
    """

    folder: str | None = None
    file: str | None = None
    image_encoder: str = "pixels"
    text_encoder: str = "as given"
    keep: str | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One pair of views and a label.

    Attributes
    ----------
    name : str
        As in tables and figures.
    dataset, x, y, label : str
        An empty dataset is the user's file; its empty views and label are the first ones.
    change : {"", "style", "noise"}
        Of x, photometric styles (see :func:`crossphase.experiments.real.styles.styled`); of y,
        Gaussian noise.
    strength : float
        Of the styles from 0 to 1, of the noise in standard deviations of each feature.
    labelled : int
        Keep the labels of so many rows, classes drawn evenly; 0 keeps all.
    """

    name: str
    dataset: str
    x: str
    y: str
    label: str
    change: Change = ""
    strength: float = 0.0
    labelled: int = 0


def _swept(
    name: str,
    dataset: str,
    x: str,
    y: str,
    label: str,
    change: Change,
    strengths: tuple[float, ...],
    labelled: int = 0,
) -> tuple[Case, ...]:
    return tuple(
        Case(f"{name}, {change} {s:g}", dataset, x, y, label, change, s, labelled)
        for s in strengths
    )


_STYLES = (0.0, 0.2, 0.5)
_NOISES, _FAINT = (0.0, 1.0, 30.0), (0.0, 0.1, 0.3)
_DWARFS = "brown-dwarfs"
_CASES: dict[str, tuple[Case, ...]] = {
    "captions": (
        *_swept("glyphs", "glyphs", "image", "name", "script", "style", _STYLES),
        *_swept("emoji", "emoji", "image", "name", "group", "style", _STYLES),
    ),
    "astro": (
        *_swept("type", _DWARFS, "spectrum", "photometry", "optical type", "noise", _NOISES),
        # 44 of 804 are subdwarfs; of 333 rows drawn evenly three fifths are the 200 labels.
        *_swept("subdwarf", _DWARFS, "spectrum", "photometry", "subdwarf", "noise", _FAINT, 333),
    ),
    "cells": tuple(
        Case(f"{organ}, rna × {other}", f"tcga-{organ}", "rna", other, "histology")
        for organ in ("breast", "kidney", "glioma")
        for other in ("methylation", "mirna")
    ),
    "sensors": (
        Case("htad", "htad", "audio", "accelerometer", "activity"),
        Case("fourier × karhunen", "digits-views", "fourier", "karhunen", "digit"),
        Case("profile × morphology", "digits-views", "profile", "morphology", "digit"),
        Case("zernike × pixels", "digits-views", "zernike", "pixels", "digit"),
    ),
}
_OWN: dict[str, tuple[Case, ...]] = {
    "captions": _swept("own", "", "image", "caption", "", "style", _STYLES),
    "astro": _swept("own", "", "spectra", "light_curves", "", "noise", _NOISES),
    "cells": (Case("own cells", "", "rna", "protein", ""),),
}
NAMES = tuple(_CASES)
TITLES = {
    "captions": "Images and their names, under photometric styles",
    "astro": "Spectra and photometry of brown dwarfs, photometry degraded",
    "cells": "Omics of tumours, patients held out",
    "sensors": "Sounds and movements; digits seen six ways",
}


def cases_of(name: str, source: Source | None = None, *, smoke: bool = False) -> tuple[Case, ...]:
    """Cases of an experiment.

    Parameters
    ----------
    name : {"captions", "astro", "cells", "sensors"}
    source : Source or None, default None
        Its `file` takes the place of the experiment's sets, its `only` chooses.
    smoke : bool, default False
        The first and the last case of a set that needs no download, whatever the experiment.

    Raises
    ------
    InputError
        For an experiment that does not exist, or has no published data to own; or if nothing
        that was chosen is there.

    Examples
    --------
    >>> [case.name for case in cases_of("captions", smoke=True)]
    ['glyphs, style 0', 'glyphs, style 0.5']
    >>> [case.name for case in cases_of("sensors", Source(only=("HTAD", "profile")))]
    ['htad', 'profile × morphology']
    """
    if name not in _CASES:
        raise InputError(f"no experiment {name!r}: choose among {', '.join(NAMES)}")
    source = source or Source()
    found = _CASES[name]
    if source.file is not None:
        if name not in _OWN:
            raise InputError(f"{name} takes no file of yours: leave it out")
        found = _OWN[name]
    elif smoke:
        found = _without_download(name)
    begins = tuple(text.lower() for text in source.only)
    missing = [b for b in begins if not any(case.name.lower().startswith(b) for case in found)]
    if missing:
        raise InputError(
            f"no case of {name} begins with {missing[0]!r}: choose among "
            f"{'; '.join(case.name for case in found)}"
        )
    return tuple(case for case in found if not begins or case.name.lower().startswith(begins))


def _without_download(name: str) -> tuple[Case, ...]:
    if name == "astro":
        found = _swept(
            "digits-views", "digits-views", "profile", "morphology", "digit", "noise", _NOISES
        )
    else:
        here = ("glyphs", "digits-views")
        found = tuple(case for case in _CASES[name] if case.dataset in here)
        found = tuple(c for c in found if c.dataset == found[0].dataset) or _CASES["sensors"][1:]
    return (found[0], found[-1])


def pair_of(case: Case, source: Source, rng: np.random.Generator, rows: int = 0) -> PairedData:
    """The data of a case, changed as it says.

    Parameters
    ----------
    case : Case
    source : Source
    rng : numpy.random.Generator
        Of the change and of the rows.
    rows : int, default 0
        At most so many, drawn at random; 0 takes all.

    Returns
    -------
    PairedData
        With all labels.

    Raises
    ------
    InputError
        If the set has to be fetched first, or the file holds something else.
    """
    data = _loaded(case, source)
    if rows and data.n > rows:
        data = data.take(np.sort(rng.permutation(data.n)[:rows]))
    label = case.label or next(iter(data.labels), "")
    if not label:
        raise InputError(f"{source.file} has no label: read it with one")
    kept, draw = (case.labelled, int(rng.integers(2**20))) if case.labelled else (None, 0)
    if case.change == "style":
        data = data.with_views({case.x: _image_view(data, case, source, rng)})
        if source.text_encoder != "as given":
            texts = text_features(
                [str(text) for text in data.raw[case.y]], source.text_encoder, keep=source.keep
            )
            data = data.with_views({case.y: texts})
    elif case.change == "noise" and case.strength:
        view = data.views[case.y]
        noise = case.strength * view.std(axis=0) * rng.normal(size=view.shape)
        data = data.with_views({case.y: view + noise})
    # Of the user's own file the published label is taken, derived or not; the result says so.
    return data.pair(
        case.x, case.y, label, n_labelled=kept, seed=draw, allow_circular=not case.dataset
    )


def _loaded(case: Case, source: Source) -> Modalities:
    if case.dataset:
        if datasets.place(case.dataset, folder=source.folder) == "to fetch":
            raise InputError(
                f"{case.dataset} is not here: crossphase datasets fetch {case.dataset} gets it"
            )
        return datasets.load(case.dataset, folder=source.folder)
    assert source.file is not None
    data = datasets.read_modalities(source.file)
    for view in (case.x, case.y):
        if view not in data.views:
            raise InputError(
                f"{source.file} has no view {view!r} but {', '.join(data.views)}: make it with "
                "crossphase datasets read"
            )
    return data


def _image_view(
    data: Modalities, case: Case, source: Source, rng: np.random.Generator
) -> np.ndarray:
    if case.x not in data.raw:
        raise InputError(f"{data.name} holds no images of {case.x}: read it again")
    images = [_path_or_pixels(image) for image in data.raw[case.x]]
    fitted = source.image_encoder in ("pixels", "patches")
    side, resize = (_SIDE, None) if fitted else (224, 256)
    opened = open_images(images, side, resize=resize)
    return image_features(
        list(styled(opened, case.strength, rng)),
        source.image_encoder,
        keep=source.keep if case.strength == 0 else None,
    )


def _path_or_pixels(image: object) -> object:
    from pathlib import Path

    return Path(image) if isinstance(image, str) else image
