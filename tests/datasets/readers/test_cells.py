from __future__ import annotations

import numpy as np
import pytest
from h5ad_files import N_GENES, PROTEINS, cells, write_h5ad

from crossphase.datasets.readers import centred_log_ratio, donor_split, read_cells
from crossphase.errors import InputError
from crossphase.sources.annotated_layout import open_h5ad

h5py = pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def data():
    return cells()


@pytest.mark.parametrize("layout", ["new", "old", "oldest"])
def test_every_layout_reads_the_same(tmp_path, data, layout):
    found = read_cells(write_h5ad(tmp_path / "bmmc.h5ad", data, layout))
    assert found.n == len(data["counts"])
    np.testing.assert_array_equal(found.ids, data["names"])
    np.testing.assert_array_equal(found.groups, data["DonorNumber"])
    np.testing.assert_array_equal(found.covariates["batch"], data["batch"])
    np.testing.assert_array_equal(found.covariates["site"], data["Site"])
    assert found.features["protein"] == tuple(PROTEINS)
    label = found.labels["cell_type"].values
    common = ~np.isin(data["cell_type"], ["pDC", ""])
    np.testing.assert_array_equal(label[common], data["cell_type"][common])
    # The three cells of a rare type, and the untyped one, are unlabelled.
    assert (label[~common] == "").all()
    assert (~common).sum() == 4
    assert "rare-cell-types" in {finding.code for finding in found.findings}


def test_protein_is_the_centred_log_ratio_of_the_counts(tmp_path, data):
    found = read_cells(write_h5ad(tmp_path / "bmmc.h5ad", data))
    for row in (0, 17):
        counts = data["counts"][row, N_GENES:].astype(float)
        geometric_mean = np.prod(1 + counts) ** (1 / len(counts))
        np.testing.assert_allclose(
            found.views["protein"][row], np.log1p(counts / geometric_mean), rtol=1e-12
        )


def test_rna_is_fitted_on_the_training_donors_alone(tmp_path, data):
    whole = read_cells(write_h5ad(tmp_path / "a.h5ad", data), n_components=3)
    train = donor_split(data["DonorNumber"]).train
    changed = {**data, "counts": data["counts"].copy()}
    outside = np.setdiff1d(np.arange(len(data["counts"])), train)
    changed["counts"][outside, : N_GENES // 2] = 0
    other = read_cells(write_h5ad(tmp_path / "b.h5ad", changed), n_components=3)
    np.testing.assert_allclose(whole.views["rna"][train], other.views["rna"][train])
    assert not np.allclose(whole.views["rna"][outside], other.views["rna"][outside])


def test_rna_is_the_components_of_log_counts_per_ten_thousand(tmp_path, data):
    found = read_cells(write_h5ad(tmp_path / "a.h5ad", data), n_components=2, n_genes=N_GENES)
    genes = data["counts"][:, :N_GENES].astype(float)
    logs = np.log1p(1e4 * genes / genes.sum(axis=1, keepdims=True))
    train = donor_split(data["DonorNumber"]).train
    centred = logs - logs[train].mean(axis=0)
    directions = np.linalg.svd(centred[train], full_matrices=False)[2][:2]
    oracle = centred @ directions.T
    np.testing.assert_allclose(np.abs(found.views["rna"]), np.abs(oracle), atol=1e-8)


def test_rna_can_be_an_embedding(tmp_path, data):
    path = write_h5ad(tmp_path / "a.h5ad", data)
    assert read_cells(path, rna="GEX_X_pca").views["rna"].shape == (180, 3)
    given = np.random.default_rng(0).normal(size=(180, 4))
    np.save(tmp_path / "scgpt.npy", given)
    np.testing.assert_array_equal(
        read_cells(path, rna=str(tmp_path / "scgpt.npy")).views["rna"], given
    )
    np.save(tmp_path / "short.npy", given[:5])
    with pytest.raises(InputError, match="one row for each cell"):
        read_cells(path, rna=tmp_path / "short.npy")
    with pytest.raises(InputError, match="no obsm entry 'X_scGPT': it has GEX_X_pca"):
        read_cells(path, rna="X_scGPT")


def test_labels_were_made_from_both_modalities(tmp_path, data):
    found = read_cells(write_h5ad(tmp_path / "a.h5ad", data))
    with pytest.raises(InputError, match="derived from rna and protein"):
        found.pair("rna", "protein", "cell_type")
    pair = found.pair("rna", "protein", "cell_type", allow_circular=True)
    assert pair.group_names == tuple(f"donor{i}" for i in range(1, 10))
    assert pair.labels.columns[0].classes == ("B1 B", "NK")


def test_donors_are_held_out_as_published():
    # The published code permutes the sorted donors' names and takes the last two to test.
    donors = np.array([f"donor{i}" for i in range(1, 10)])
    permuted = np.random.RandomState(42).permutation(donors)
    rows = np.repeat(donors, 4)
    split = donor_split(rows)
    assert set(rows[split.train]) == set(permuted[:6])
    assert set(rows[split.validation]) == {permuted[6]}
    assert set(rows[split.test]) == set(permuted[7:])
    assert len(split.train) + len(split.validation) + len(split.test) == len(rows)


def test_too_few_donors_cannot_be_split():
    with pytest.raises(InputError, match="3 donors cannot give 1 to validate and 2 to test"):
        donor_split(["a", "b", "c"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kinds": ["GEX"] * 17}, "no features of type ADT: its feature_types are GEX"),
        ({"kinds": ["Peaks"] * 12 + ["ADT"] * 5}, "no features of type GEX"),
    ],
)
def test_files_without_one_of_the_modalities(tmp_path, data, changes, message):
    with pytest.raises(InputError, match=message):
        read_cells(write_h5ad(tmp_path / "a.h5ad", data, **changes))


def test_without_a_layer_of_counts_it_says_so(tmp_path, data):
    found = read_cells(write_h5ad(tmp_path / "a.h5ad", data, layers=False))
    assert "no-counts" in {finding.code for finding in found.findings}


def test_columns_of_numbers_and_missing_columns(tmp_path, data):
    numbers = {"ADT_total_counts": np.arange(180.0)}
    with open_h5ad(write_h5ad(tmp_path / "a.h5ad", data, obs_numbers=numbers)) as file:
        np.testing.assert_array_equal(file.column("obs", "ADT_total_counts"), np.arange(180.0))
        with pytest.raises(InputError, match="no obs column 'donor': it has cell_type"):
            file.column("obs", "donor")


def test_a_table_without_any_column_says_so(tmp_path, data):
    path = write_h5ad(tmp_path / "a.h5ad", data)
    with h5py.File(path, "r+") as file:
        del file["var/feature_types"]
        file["var"].attrs["column-order"] = np.array([], dtype="S1")
    with pytest.raises(InputError, match="no var column 'feature_types': it has none"):
        read_cells(path)


def test_damaged_and_foreign_files(tmp_path, data):
    whole = write_h5ad(tmp_path / "a.h5ad", data).read_bytes()
    cut = tmp_path / "cut.h5ad"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cannot be read as \.h5ad"):
        read_cells(cut)
    other = tmp_path / "text.h5ad"
    other.write_text("cells")
    with pytest.raises(InputError, match=r"cannot be read as \.h5ad"):
        read_cells(other)
    packed = tmp_path / "a.h5ad.gz"
    packed.write_bytes(b"\x1f\x8b")
    with pytest.raises(InputError, match=r"unpack it first, gunzip a\.h5ad\.gz"):
        read_cells(packed)


def test_negative_counts_are_refused():
    with pytest.raises(InputError, match="raw counts"):
        centred_log_ratio([[1.0, -1.0]])
