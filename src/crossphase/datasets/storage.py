"""Modalities in one file: a NumPy archive without pickles."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossphase.datasets.modalities import DatasetLabel, Modalities
from crossphase.errors import Finding, InputError
from crossphase.io.about import FORMAT
from crossphase.io.writing import write_file
from crossphase.sources.reading import reading_failed

__all__ = ["read_modalities", "write_modalities"]

_PARTS = ("views", "raw", "covariates")
_TEXTS = ("name", "description", "licence", "citation")


def write_modalities(path: str | Path, data: Modalities) -> None:
    """Write modalities, completely or not at all.

    Parameters
    ----------
    path : str or Path
        A ``.npz`` file in a folder that exists.
    data : Modalities
        Its `raw` must be texts or arrays of numbers.

    Raises
    ------
    InputError
        If something can only be stored as a pickle.
    OSError
        If the file cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {
        f"{part}/{name}": np.asarray(values)
        for part in _PARTS
        for name, values in getattr(data, part).items()
    }
    arrays |= {f"labels/{name}": label.values for name, label in data.labels.items()}
    for name in ("ids", "groups"):
        if getattr(data, name) is not None:
            arrays[name] = np.asarray(getattr(data, name))
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise InputError(
                f"{name} of {data.name} holds Python objects: make it numbers or texts first"
            )
    about = {
        "format": FORMAT,
        **{name: getattr(data, name) for name in _TEXTS},
        "labels": {
            name: [label.kind, label.circular_for, label.description]
            for name, label in data.labels.items()
        },
        "features": dict(data.features),
        "findings": [asdict(found) for found in data.findings],
    }
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    write_file(path, lambda draft: np.savez_compressed(draft, **arrays))  # type: ignore[arg-type]


def read_modalities(path: str | Path) -> Modalities:
    """Read what :func:`write_modalities` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged, or something else.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} does not exist: check the path")
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise reading_failed(path, error, "write it again") from None
    try:
        about = json.loads(found.pop("about").tobytes())
        if about["format"] != FORMAT:
            raise InputError(f"{path} has the format {about['format']}, not {FORMAT}")
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path} does not hold modalities ({error}): write it again") from None
    parts: dict[str, dict[str, NDArray[Any]]] = {"labels": {}, **{part: {} for part in _PARTS}}
    for key, array in found.items():
        part, _, name = key.partition("/")
        if name:
            parts[part][name] = array
    labels = {
        name: DatasetLabel(parts["labels"][name], kind, tuple(circular), description)
        for name, (kind, circular, description) in about["labels"].items()
    }
    raw: dict[str, Any] = {
        k: v.tolist() if v.dtype.kind == "U" else v for k, v in parts["raw"].items()
    }
    return Modalities(
        views=parts["views"],
        labels=labels,
        raw=raw,
        covariates=parts["covariates"],
        ids=found.get("ids"),
        groups=found.get("groups"),
        features={view: tuple(names) for view, names in about["features"].items()},
        findings=tuple(Finding(**each) for each in about["findings"]),
        **{name: about[name] for name in _TEXTS},
    )
