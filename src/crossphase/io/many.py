"""From files to data of several modalities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from crossphase.data import AlignChoice, KindChoice, MultimodalData
from crossphase.errors import InputError
from crossphase.io.about import derived_labels
from crossphase.io.arrays import tables_in
from crossphase.io.h5mu import modalities_in
from crossphase.io.load import PathLike, aside_columns, read_beside
from crossphase.io.paths import checked_path
from crossphase.io.tables import read_table
from crossphase.results.names import distinct_names

__all__ = ["load_modalities"]

Source = tuple[Path, str | None]


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
        One file a modality, of the formats of :func:`crossphase.io.load_paired`; a .npz archive
        gives one modality for each of its two-dimensional arrays, a .h5mu all of its own.
    labels_path : str or path-like, default None
        Without it, `label_columns` are taken from the first table that has them.
    names : sequence of str, default ()
        What to call the modalities, in order; by default their array's or file's name.
    keys : sequence of str, default ()
        Arrays of .npz archives, or modalities of .h5mu files, to take; by default all. Of a
        modality ``rna`` its entry ``X_pca`` of obsm is called ``rna/X_pca``.
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
        If text or Parquet tables are read without pandas.

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
    ids = {name: table.ids for name, table in tables.items() if table.ids is not None}
    data = MultimodalData.from_arrays(
        {name: table.values for name, table in tables.items()},
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
        checked = checked_path(path)
        ending = checked.suffix.lower()
        if ending not in (".npz", ".h5mu"):
            sources.append((checked, None))
            continue
        if ending == ".npz":
            found = tables_in(checked, aside=aside)
            taken = [name for name in found if name in keys] if keys else list(found)
        else:
            found = modalities_in(checked)
            taken = [k for k in keys if k.partition("/")[0] in found] if keys else list(found)
        unused = [name for name in unused if name not in taken]
        sources += [(checked, name) for name in taken]
    if unused:
        raise InputError(
            f"no archive has a table {unused[0]!r}: check the name, or give a .npz or .h5mu that "
            "has it"
        )
    twice = [source for source, count in Counter(sources).items() if count > 1]
    if twice:
        raise InputError(f"{twice[0][0]} was given twice: give every modality once")
    if len(sources) < 2:
        what = f"{sources[0][0]} holds one modality" if sources else "no modality was given"
        raise InputError(f"{what}: give at least two")
    return sources


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
