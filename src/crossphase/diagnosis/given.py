"""What a diagnosis is given, as paired data; and the result written back into it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from crossphase.data import PairedData
from crossphase.data.keyed import keyed_pair
from crossphase.errors import InputError
from crossphase.results import Diagnosis
from crossphase.sources.annotated_result import write_result

__all__ = ["read_pair", "write_result_into"]


def read_pair(x: Any, y: Any, x_key: str | None, y_key: str | None, **given: Any) -> PairedData:
    """Whatever :func:`crossphase.diagnose` was given, as paired data.

    Parameters
    ----------
    x, y : object
    x_key, y_key : str or None
    **given
        The other inputs of :func:`crossphase.diagnose`, by name.

    Raises
    ------
    InputError
        If it cannot be used as it is.
    """
    if isinstance(x, PairedData):
        if y is not None or given["labels"] is not None:
            raise InputError("PairedData holds both modalities and the labels: give nothing else")
        return x
    if isinstance(x, str | os.PathLike):
        return _from_files(x, y, x_key, y_key, **given)
    if x_key is not None or y_key is not None:
        beside = ("labels", "groups", "covariates", "names")
        given |= keyed_pair(x, y, x_key, y_key, **{name: given[name] for name in beside})
        return PairedData.from_arrays(**given)
    if y is None:
        raise InputError("only one modality was given: give x and y, or a PairedData")
    return PairedData.from_arrays(x, y, **given)


def _from_files(x: Any, y: Any, x_key: str | None, y_key: str | None, **given: Any) -> PairedData:
    """Paired data of files; labels are columns by name, a path, or values in the rows' order."""
    from crossphase.io import load_paired

    labels, kept = given["labels"], {"label_kind", "align"}
    columns: tuple[str, ...] = ()
    path = None
    if isinstance(labels, str | os.PathLike) and Path(labels).is_file():
        path = labels
    elif isinstance(labels, str):
        columns = (labels,)
    elif isinstance(labels, list | tuple) and all(isinstance(one, str) for one in labels):
        columns = tuple(labels)
    elif labels is not None:
        raise InputError(
            f"labels are a {type(labels).__name__} beside a path: name a column of the file, give "
            "a file of labels, or open the file as an array yourself"
        )
    other = [name for name, value in given.items() if value is not None and name.startswith("ids_")]
    if other or given["labelled"] is not None:
        raise InputError(
            f"{', '.join(other) or 'labelled'} came with a path: IDs and labels of files are "
            "columns; see crossphase.io.load_paired"
        )
    named = given["names"]
    covariates = given["covariates"]
    return load_paired(
        x,
        x if y is None else y,
        path,
        x_key=x_key,
        y_key=y_key,
        label_columns=columns,
        groups_column=given["groups"],
        covariate_columns=(covariates,) if isinstance(covariates, str) else covariates or (),
        names=(None, None) if named == ("x", "y") else named,
        **{name: given[name] for name in kept},
    )


def write_result_into(table: Any, d: Diagnosis) -> None:
    """Write a verdict into ``uns["crossphase"]`` of an AnnData, MuData, .h5ad or .h5mu.

    Parameters
    ----------
    table : AnnData, MuData or path
        What is there already under this name is replaced, nothing else is touched.
    d : Diagnosis
        Whole in the entry ``json``, which :meth:`crossphase.Diagnosis.from_json` reads.
    """
    write_result(
        table,
        {
            "regime": str(d.regime),
            "probabilities": dict(d.probabilities),
            "recommendations": {
                view: {"objective": one.objective, "confidence": one.confidence}
                for view, one in d.recommendations.items()
            },
            "verdict": str(d.verdict),
            "json": d.to_json(),
        },
    )
