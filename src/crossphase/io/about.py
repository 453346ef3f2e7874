"""What a file of modalities says of its labels: which of them were derived from which view."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from crossphase.data import derived_label
from crossphase.errors import Finding

__all__ = ["FORMAT", "derived_labels"]

#: Mark of the files that :func:`crossphase.datasets.write_modalities` writes.
FORMAT = "crossphase-modalities/1"

_VIEWS, _LABELS = "views/", "labels/"


def derived_labels(
    paths: Iterable[Path | None], labels: Sequence[str], views: Mapping[str, str | None]
) -> tuple[Finding, ...]:
    """A finding for each label that its file knows to be derived from a view.

    Parameters
    ----------
    paths : iterable of Path or None
        Files that the labels may stand in. Only .npz archives of modalities know more than
        values.
    labels : sequence of str
        Arrays that were taken for labels.
    views : mapping of str to str or None
        By the modality's name the array that it was read from; None goes by the name.

    Returns
    -------
    tuple of Finding
        Empty where nothing is known.
    """
    found = []
    for path in dict.fromkeys(path for path in paths if path is not None):
        known = _sources(path)
        for label in labels:
            circular = known.get(label.removeprefix(_LABELS), ())
            used = [n for n, key in views.items() if (key or n).removeprefix(_VIEWS) in circular]
            if used:
                found.append(derived_label(label, used))
    return tuple(found)


def _sources(path: Path) -> dict[str, tuple[str, ...]]:
    """Labels of a file, and the views that each was derived from; empty for any other file."""
    if path.suffix.lower() != ".npz":
        return {}
    with zipfile.ZipFile(path) as archive:
        if "about.npy" not in archive.namelist():
            return {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            told = json.loads(archive["about"].tobytes())
        if told["format"] != FORMAT:
            return {}
        return {name: tuple(circular) for name, (_, circular, _) in told["labels"].items()}
    except (KeyError, ValueError, TypeError):
        return {}  # an array of the user's own that happens to have this name
