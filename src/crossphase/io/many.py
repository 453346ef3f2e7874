"""From files to data of several modalities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from crossphase.data import AlignChoice, KindChoice, MultimodalData
from crossphase.errors import InputError
from crossphase.io.about import derived_labels
from crossphase.io.load import PathLike, aside_columns, read_beside
from crossphase.io.tables import read_table
from crossphase.results.names import distinct_names
from crossphase.sources.files import checked_source, format_of
from crossphase.sources.modalities import modalities
from crossphase.sources.numpy_files import tables_in

__all__ = ["load_modalities"]

Source = tuple[Path, str | None]

#: Formats of which one file may hold several tables, without saying that these are modalities.
_KEYED = frozenset(
    {"annotated_files", "hdf5", "hugging_face", "lake", "safetensors_file", "zarr_store"}
)


def load_modalities(
    paths: Sequence[PathLike],
    labels_path: PathLike | None = None,
    *,
    names: Sequence[str] = (),
    keys: Sequence[str] = (),
    labels_key: str | None = None,
    id_column: str | None = None,
    label_columns: Sequence[str] = (),
    label_kind: KindChoice | Mapping[str, KindChoice] = "auto",
    groups_column: str | None = None,
    align: AlignChoice = "auto",
) -> MultimodalData:
    """Read several modalities and their labels from files, and match their rows.

    Parameters
    ----------
    paths : sequence of str or path-like
        One file a modality, of the formats of :func:`crossphase.io.read_table`; a .npz archive
        gives one modality for each of its two-dimensional arrays, a .h5mu all of its own, a 10x
        matrix one for each type of features.
    labels_path : str or path-like, default None
        Without it, `label_columns` are taken from the first table that has them.
    names : sequence of str, default ()
        What to call the modalities, in order; by default their array's or file's name.
    keys : sequence of str, default ()
        Arrays of .npz archives, modalities of .h5mu files, or other keys of
        :func:`crossphase.io.read_table`, to take; by default all. Of a modality ``rna`` its entry
        ``X_pca`` of obsm is called ``rna/X_pca``.
    labels_key, id_column, label_columns, label_kind, groups_column, align
        As for :func:`crossphase.io.load_paired`.

    Returns
    -------
    MultimodalData

    Raises
    ------
    InputError
        If a file or what it holds cannot be used; one line that says how to mend it.
    MissingExtraError
        If a package is needed that is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "cells.npz")
    ...     np.savez(path, rna=np.eye(9), atac=np.eye(9, 2), protein=np.eye(9, 4), type=range(9))
    ...     data = load_modalities([path])
    >>> {name: view.shape for name, view in data.views.items()}
    {'atac': (9, 2), 'protein': (9, 4), 'rna': (9, 9)}
    """
    aside = aside_columns(label_columns, groups_column)
    beside = [*aside, *(name for name in (id_column, labels_key) if name is not None)]
    sources = _sources(paths, keys, beside)
    called = _called(sources, names)
    tables = {
        name: read_table(path, key=key, id_column=id_column, aside=aside)
        for name, (path, key) in zip(called, sources, strict=True)
    }
    ids = {name: table.ids for name, table in tables.items() if table.named}
    data = MultimodalData.from_arrays(
        tables,
        ids=ids or None,
        label_kind=label_kind,
        align=align,
        **read_beside(
            list(tables.values()),
            labels_path,
            labels_key=labels_key,
            id_column=id_column,
            label_columns=label_columns,
            groups_column=groups_column,
        ),
    )
    files = [path for path, _ in sources] if labels_path is None else [Path(labels_path)]
    labels = label_columns or ([] if labels_key is None else [labels_key])
    derived = derived_labels(
        files, labels, {name: key for name, (_, key) in zip(called, sources, strict=True)}
    )
    return replace(data, findings=(*derived, *data.findings))


def _sources(paths: Sequence[PathLike], keys: Sequence[str], aside: Sequence[str]) -> list[Source]:
    """Every table as a path and, in an archive, its key."""
    sources: list[Source] = []
    unused = list(keys)
    for path in paths:
        checked = checked_source(path)
        taken = _taken(checked, keys, aside)
        unused = [name for name in unused if name not in taken]
        sources += [(checked, name) for name in taken]
    if unused:
        raise InputError(
            f"no archive has a table {unused[0]!r}: check the name, or give a file that has it"
        )
    twice = [source for source, count in Counter(sources).items() if count > 1]
    if twice:
        raise InputError(f"{twice[0][0]} was given twice: give every modality once")
    if len(sources) < 2:
        what = f"{sources[0][0]} holds one modality" if sources else "no modality was given"
        raise InputError(f"{what}: give at least two")
    return sources


def _taken(path: Path, keys: Sequence[str], aside: Sequence[str]) -> list[str | None]:
    """Keys of the tables to take from one file; None for a file that is one table."""
    if path.suffix.lower() == ".npz":
        found = tables_in(path, aside=aside)
        return [name for name in found if name in keys] if keys else list(found)
    found = modalities(path)
    if found:
        return [key for key in keys if key.partition("/")[0] in found] if keys else list(found)
    if not keys or format_of(path) not in _KEYED:
        return [None]
    return [key for key in keys if _has(path, key)]


def _has(path: Path, key: str) -> bool:
    try:
        read_table(path, key=key)
    except InputError:
        return False
    return True


def _called(sources: Sequence[Source], names: Sequence[str]) -> list[str]:
    """The names given, else those of arrays and files, with the folder's where these repeat."""
    if names:
        if len(names) != len(sources):
            raise InputError(
                f"{len(names)} names for {len(sources)} modalities: give a name for each"
            )
        return list(distinct_names(names))
    called = [key or path.stem for path, key in sources]
    repeated = {name for name, count in Counter(called).items() if count > 1}
    return [
        name
        if name not in repeated
        else f"{path.absolute().parent.name}/{name}"
        if key is None
        else f"{path.stem}/{key}"
        for name, (path, key) in zip(called, sources, strict=True)
    ]
