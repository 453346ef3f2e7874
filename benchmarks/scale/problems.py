"""Data of any size, made once and kept in a folder: shared directions, others, and noise.

Rows come from a seed and the number of their block, so the first rows of a long set are those of a
short one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

#: Rows that are drawn together; part of what defines the data.
BLOCK = 16_384
SHARED, OWN, LABELLED = 20, 40, 200
#: Of counts: where 5 % of the values of a column lie beyond.
_CUT = 1.645 * float(np.sqrt((np.linspace(2.0, 0.5, SHARED) ** 2).mean() + OWN / SHARED + 1.0))
#: Labelled rows lie among the first ones, so that every length has them.
_LABELS_AMONG = 50_000


@dataclass(frozen=True)
class Problem:
    """A pair of modalities.

    Attributes
    ----------
    n, dx, dy : int
    dtype : str
    classes : int
        Number of classes of the labels; 0 for numbers.
    labelled : int
    sparse : bool
        Whether x are counts, 5 % of them above 0.
    tails : float
        Degrees of freedom of Student's t; 0 for Gaussian rows.
    dependent : bool
        Whether the last column of x is all but the first one again.
    """

    n: int
    dx: int
    dy: int
    dtype: str = "float32"
    classes: int = 0
    labelled: int = LABELLED
    sparse: bool = False
    tails: float = 0.0
    dependent: bool = False

    @property
    def name(self) -> str:
        """Its folder: everything that tells it from others."""
        kind = "counts" if self.sparse else self.dtype
        shape = f"{self.n}x{self.dx}+{self.dy}-{kind}-{self.classes}-{self.labelled}"
        return shape + (f"-t{self.tails:g}" if self.tails else "") + "-twice" * self.dependent

    @property
    def nbytes(self) -> int:
        """Bytes of both modalities, dense."""
        return self.n * (self.dx + self.dy) * np.dtype(self.dtype).itemsize

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def made(problem: Problem, folder: Path, form: str = "npy") -> Path:
    """The folder that holds a problem in one format, written if it is not there.

    Parameters
    ----------
    problem : Problem
    folder : Path
        Where all problems are.
    form : {"npy", "parquet", "h5ad", "h5mu"}
    """
    home = folder / f"{problem.name}.{form}"
    if home.exists():
        return home
    began = home.with_suffix(home.suffix + "-part")
    if began.exists():
        shutil.rmtree(began)
    began.mkdir(parents=True)
    np.save(began / "labels.npy", _labels(problem))
    {"npy": _npy, "parquet": _parquet, "h5ad": _h5ad, "h5mu": _h5mu}[form](problem, began)
    # Under its own name only when it is whole.
    return began.rename(home)


def blocks(problem: Problem) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """First row, and rows of x and y, block after block."""
    rng = np.random.default_rng(0)
    maps = {
        name: rng.normal(size=(SHARED + OWN, d)).astype(np.float32) / np.sqrt(SHARED)
        for name, d in (("x", problem.dx), ("y", problem.dy))
    }
    for start in range(0, problem.n, BLOCK):
        block, m = start // BLOCK, min(BLOCK, problem.n - start)
        shared = _normal([1, block], m, SHARED) * np.linspace(2.0, 0.5, SHARED, dtype=np.float32)
        found = []
        for number, matrix in enumerate(maps.values()):
            own = _normal([2, block, number], m, OWN)
            rows = np.hstack([shared, own]) @ matrix
            rows += _normal([3, block, number], m, rows.shape[1])
            if problem.tails:
                squares = np.random.default_rng([4, block]).chisquare(problem.tails, size=m)
                rows *= np.sqrt(problem.tails / squares).astype(np.float32)[:, None]
            if problem.dependent and number == 0:
                rows[:, -1] = rows[:, 0] + 1e-3 * _normal([5, block], m, 1)[:, 0]
            if problem.sparse and number == 0:
                # A gene is counted where it passes a threshold, 5 % of the time.
                rows = np.ceil(np.maximum(rows - _CUT, 0.0))
            found.append(rows.astype(problem.dtype, copy=False))
        yield start, found[0], found[1]


def _normal(seed: list[int], n: int, d: int) -> np.ndarray:
    """The first n rows of a block."""
    return np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32)


def _labels(problem: Problem) -> np.ndarray:
    """A number or class of each row, which the shared directions tell; NaN where unlabelled."""
    parts = []
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(max(problem.classes, 1), SHARED))
    # Of one length: classes are then about equally frequent.
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    for start in range(0, min(problem.n, _LABELS_AMONG), BLOCK):
        shared = _normal([1, start // BLOCK], BLOCK, SHARED)
        # Classes are the nearest of some centres; numbers a sum of three directions.
        parts.append(
            (shared @ centres.T).argmax(axis=1) if problem.classes else shared[:, :3].sum(axis=1)
        )
    told = np.concatenate(parts)[: problem.n].astype(float)
    labels = np.full(problem.n, np.nan)
    rows = rng.choice(len(told), size=min(problem.labelled, problem.n), replace=False)
    labels[rows] = told[rows]
    return labels


def _npy(problem: Problem, home: Path) -> None:
    maps = [
        np.lib.format.open_memmap(
            home / f"{name}.npy", mode="w+", dtype=problem.dtype, shape=(problem.n, d)
        )
        for name, d in (("x", problem.dx), ("y", problem.dy))
    ]
    for start, x, y in blocks(problem):
        for target, rows in zip(maps, (x, y), strict=True):
            target[start : start + len(rows)] = rows


def _parquet(problem: Problem, home: Path) -> None:
    """One column of fixed-size lists a file, a row group a block; nothing is packed."""
    import pyarrow as pa
    from pyarrow import parquet

    writers = {}
    for name, d in (("x", problem.dx), ("y", problem.dy)):
        kind = pa.list_(pa.field("item", pa.float32(), nullable=False), d)
        schema = pa.schema([pa.field("features", kind, nullable=False)])
        writers[name] = parquet.ParquetWriter(
            home / f"{name}.parquet", schema, compression="none", use_dictionary=False
        )
    for _, *sides in blocks(problem):
        for rows, writer in zip(sides, writers.values(), strict=True):
            flat = pa.array(rows.astype(np.float32).reshape(-1))
            lists = pa.FixedSizeListArray.from_arrays(flat, type=writer.schema.field(0).type)
            writer.write_table(pa.table([lists], schema=writer.schema), row_group_size=BLOCK)
    for writer in writers.values():
        writer.close()


def _annotated(problem: Problem) -> dict[str, Any]:
    import anndata
    import pandas as pd
    from scipy import sparse

    x, y = zip(*((sparse.csr_matrix(x), y) for _, x, y in blocks(problem)), strict=True)
    found = {}
    for name, values in (("rna", sparse.vstack(x, format="csr")), ("protein", np.vstack(y))):
        cells = pd.DataFrame(index=[f"cell{i}" for i in range(problem.n)])
        features = pd.DataFrame(index=[f"{name}{i}" for i in range(values.shape[1])])
        found[name] = anndata.AnnData(values, obs=cells, var=features)
    return found


def _h5ad(problem: Problem, home: Path) -> None:
    for name, table in zip("xy", _annotated(problem).values(), strict=True):
        table.write_h5ad(home / f"{name}.h5ad")


def _h5mu(problem: Problem, home: Path) -> None:
    import mudata

    with mudata.set_options(pull_on_update=False):
        mudata.MuData(_annotated(problem)).write(home / "both.h5mu")
