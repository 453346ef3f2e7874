"""From files to pairs: the same data whatever the format, with IDs or without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crossphase import InputError, PairedData
from crossphase.io import load_paired

RNG = np.random.default_rng(0)
N = 24
X, Y = RNG.normal(size=(N, 3)), RNG.normal(size=(N, 2))
IDS = np.array([f"{i:03d}" for i in range(N)])
TYPES = np.array(["B", "T", "NK"])[np.arange(N) % 3]
DONORS = np.array(["d1", "d2"])[np.arange(N) // 12]
LABELLED = np.arange(3, 15)
SHUFFLED = RNG.permutation(N)


def frames() -> dict[str, pd.DataFrame]:
    return {
        "rna": pd.DataFrame(X, columns=["g1", "g2", "g3"]).assign(id=IDS),
        "atac": pd.DataFrame(Y, columns=["p1", "p2"]).assign(id=IDS).iloc[SHUFFLED],
        "labels": pd.DataFrame({"id": IDS, "type": TYPES}).iloc[LABELLED[::-1]],
    }


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".npz":
        extra = {c: frame[c].to_numpy(str) for c in frame.columns if frame[c].dtype.kind != "f"}
        numbers = frame.drop(columns=list(extra)).to_numpy()
        np.savez(path, **({"emb": numbers} if numbers.size else {}), **extra)
    else:
        frame.to_csv(path, index=False, sep="," if path.suffix == ".csv" else "\t")
    return path


def check(data: PairedData) -> None:
    np.testing.assert_array_equal(data.x, X)
    np.testing.assert_array_equal(data.y, Y)
    np.testing.assert_array_equal(data.labelled_rows, LABELLED)
    [column] = data.labels.columns
    assert column.name == "type"
    np.testing.assert_array_equal(
        np.array(column.classes)[column.values[LABELLED]], TYPES[LABELLED]
    )


@pytest.mark.parametrize("x_ending", [".csv", ".npz", ".parquet"])
@pytest.mark.parametrize("y_ending", [".tsv", ".npz"])
@pytest.mark.parametrize("l_ending", [".csv", ".npz", ".parquet"])
def test_rows_meet_by_id_across_formats(
    x_ending: str, y_ending: str, l_ending: str, tmp_path: Path
) -> None:
    tables = frames()
    data = load_paired(
        write(tables["rna"], tmp_path / f"rna{x_ending}"),
        write(tables["atac"], tmp_path / f"atac{y_ending}"),
        write(tables["labels"], tmp_path / f"labels{l_ending}"),
        id_column="id",
        label_columns=["type"],
    )
    check(data)
    assert (data.x_name, data.y_name) == ("rna", "atac")
    assert data.ids.tolist() == IDS.tolist()
    assert data.alignment.by == "id"


@pytest.mark.parametrize("side", ["rna", "atac"])
@pytest.mark.parametrize("ending", [".csv", ".npz"])
def test_labels_and_groups_inside_a_feature_table(side: str, ending: str, tmp_path: Path) -> None:
    tables = frames()
    order = np.argsort(IDS) if side == "rna" else SHUFFLED
    types = np.where(np.isin(np.arange(N), LABELLED), TYPES, "")[order]
    tables[side] = tables[side].assign(type=types, donor=DONORS[order])
    data = load_paired(
        *(write(tables[name], tmp_path / f"{name}{ending}") for name in ("rna", "atac")),
        id_column="id",
        label_columns=["type"],
        groups_column="donor",
    )
    check(data)
    np.testing.assert_array_equal(np.array(data.group_names)[data.groups], DONORS)


def test_findings_name_the_modalities_as_the_user_does(tmp_path: Path) -> None:
    paths = [tmp_path / "x_embeddings_v3.npy", tmp_path / "y.npy"]
    np.save(paths[0], np.column_stack([X, np.ones(N)]))
    np.save(paths[1], Y)
    data = load_paired(*paths, names=("RNA", None))
    assert (data.x_name, data.y_name) == ("RNA", "y")
    [finding] = [f for f in data.findings if f.code == "constant-columns"]
    assert finding.finding.startswith("RNA")
    assert "v3" not in finding.finding


def test_label_column_is_never_a_feature(tmp_path: Path) -> None:
    score = RNG.normal(size=N)
    for name, values in (("x", X), ("y", Y)):
        frame = pd.DataFrame(values, columns=[f"{name}{j}" for j in range(values.shape[1])])
        write(frame.assign(score=score), tmp_path / f"{name}.csv")
    data = load_paired(tmp_path / "x.csv", tmp_path / "y.csv", label_columns=["score"])
    assert data.x_features == ("x0", "x1", "x2")
    assert data.y_features == ("y0", "y1")
    np.testing.assert_array_equal(data.labels.targets()[:, 0], score)


def test_arrays_by_position(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "y.npz", emb=Y, other=X)
    np.save(tmp_path / "l.npy", TYPES)
    data = load_paired(tmp_path / "x.npy", tmp_path / "y.npz", tmp_path / "l.npy", y_key="emb")
    assert (data.n, data.n_labelled, data.alignment.by) == (N, N, "position")
    assert load_paired(tmp_path / "x.npy", tmp_path / "y.npz", y_key="emb").labels is None


def test_written_indices_that_disagree_are_refused(tmp_path: Path) -> None:
    pd.DataFrame(X, index=IDS).to_csv(tmp_path / "x.csv")
    pd.DataFrame(Y, index=IDS).iloc[SHUFFLED].to_csv(tmp_path / "y.csv")
    paths = tmp_path / "x.csv", tmp_path / "y.csv"
    with pytest.raises(InputError, match="disagree"):
        load_paired(*paths)
    np.testing.assert_array_equal(load_paired(*paths, align="id").y, Y)
    np.testing.assert_array_equal(load_paired(*paths, align="position").y, Y[SHUFFLED])


def test_names(tmp_path: Path) -> None:
    for folder in ("rna", "atac"):
        (tmp_path / folder).mkdir()
        np.savez(tmp_path / folder / "emb.npz", a=X, b=Y)
    rna, atac = tmp_path / "rna" / "emb.npz", tmp_path / "atac" / "emb.npz"

    def names(*paths: Path, **options: Any) -> tuple[str, str]:
        data = load_paired(*paths, **options)
        return data.x_name, data.y_name

    assert names(rna, atac, x_key="a", y_key="a") == ("rna", "atac")
    assert names(rna, rna, x_key="a", y_key="b") == ("a", "b")
    assert names(rna, atac, x_key="a", y_key="b", names=("u", "v")) == ("u", "v")
    with pytest.raises(InputError, match="same table"):
        load_paired(rna, rna, x_key="a", y_key="a")


def test_columns_that_cannot_be_found(tmp_path: Path) -> None:
    tables = frames()
    x = write(tables["rna"].assign(a=1.0), tmp_path / "rna.csv")
    y = write(tables["atac"].assign(b=1.0), tmp_path / "atac.csv")
    with pytest.raises(InputError, match=r"no label column 'type' in .*rna.csv nor .*atac.csv"):
        load_paired(x, y, id_column="id", label_columns=["type"])
    with pytest.raises(InputError, match="spread over tables"):
        load_paired(x, y, id_column="id", label_columns=["a", "b"])
    with pytest.raises(InputError, match="no groups column 'donor'"):
        load_paired(x, y, id_column="id", groups_column="donor")
    noted = write(tables["atac"].assign(note="text"), tmp_path / "noted.csv")
    with pytest.raises(InputError, match=r"noted\.csv has 1 column that is not numeric: 'note'"):
        load_paired(x, noted, id_column="id")
    named = write(tables["rna"].assign(id=[f"c{i}" for i in IDS]), tmp_path / "named.csv")
    with pytest.raises(InputError, match=r"named\.csv has 1 column that is not numeric: 'id'"):
        load_paired(named, y)
