"""The pass as a tree of Dask tasks: the same result however rows are partitioned or lost."""

from __future__ import annotations

import os
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pytest

import crossphase as xp
from crossphase import PairedData
from crossphase.engine import gather

N, DX, DY = 6000, 9, 7
RNG = np.random.default_rng(0)
SHARED = RNG.normal(size=(N, 2))
X = np.hstack([SHARED + 0.5 * RNG.normal(size=(N, 2)), RNG.normal(size=(N, DX - 2))]) + 1e4
Y = np.hstack([SHARED + 0.5 * RNG.normal(size=(N, 2)), RNG.normal(size=(N, DY - 2))])
LABELS = SHARED[:200, 0]


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small data take the way of large ones."""
    monkeypatch.setattr("crossphase.data.checks.SMALL_VALUES", 0)
    monkeypatch.setattr("crossphase.engine.gathering.KEPT_ROWS", 500)
    monkeypatch.setattr("crossphase.engine.gathering._LEAST_KEPT", 500)
    monkeypatch.setattr("crossphase.engine.gathering._KEPT_VALUES", 500)


def paired(x: object, y: object) -> PairedData:
    return PairedData.from_arrays(x, y, LABELS, labelled=np.arange(200))


def chunked(rows: np.ndarray, chunks: int | tuple[int, ...]) -> da.Array:
    return da.from_array(rows, chunks=(chunks, rows.shape[1]))


def assert_same(one: object, other: object) -> None:
    scale = np.sqrt(np.outer(*[np.diag(other.moments.scatter)] * 2))
    assert one.moments.count == other.moments.count == N
    np.testing.assert_allclose(one.moments.mean, other.moments.mean, rtol=1e-12)
    assert np.abs((one.moments.scatter - other.moments.scatter) / scale).max() < 1e-12
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.data.x, other.data.x)
    np.testing.assert_array_equal(one.data.labels.labelled_rows, other.data.labels.labelled_rows)


@pytest.mark.parametrize(
    ("x_chunks", "y_chunks"), [(1000, 1000), (701, 1300), (N, 37), ((1, N - 1), N)]
)
def test_partitions_do_not_matter(x_chunks: object, y_chunks: object) -> None:
    local = gather(paired(X, Y))
    found = gather(paired(chunked(X, x_chunks), chunked(Y, y_chunks)))
    assert_same(found, local)
    for one, other in zip(found.parts, local.parts, strict=True):
        assert one.count == other.count
        np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12)


def test_float32_partitions_are_multiplied_in_float64() -> None:
    x, y = X.astype(np.float32), Y.astype(np.float32)
    whole = gather(paired(x.astype(float), y.astype(float)))
    assert_same(gather(paired(chunked(x, 999), chunked(y, 500))), whole)


def test_one_modality_on_dask_is_enough() -> None:
    assert_same(gather(paired(chunked(X, 800), Y)), gather(paired(X, Y)))


def test_arrays_in_memory_go_to_the_scheduler_that_is_named() -> None:
    assert_same(gather(paired(X, Y), scheduler="threads"), gather(paired(X, Y)))


def test_bad_values_are_named_by_their_row_among_all() -> None:
    x = X.copy()
    x[4321, 3] = np.nan
    with pytest.raises(xp.InputError, match="row 4321, column 3"):
        gather(paired(chunked(x, 1000), chunked(Y, 1000)))


def test_far_rows_are_left_out_of_partitions_too() -> None:
    x = X.copy()
    x[[17, 4444]] *= 1e6
    found = gather(paired(chunked(x, 1000), chunked(Y, 700)))
    assert found.n == N - 2
    assert found.whole.findings[-1].code == "outlying-rows"
    keep = np.setdiff1d(np.arange(N), [17, 4444])
    expected = np.cov(X[keep].T, bias=True)
    np.testing.assert_allclose(found.moments.cov("x"), expected, rtol=1e-9, atol=1e-9)


def test_heavy_tails_are_weighed_partition_by_partition() -> None:
    scale = np.sqrt(np.random.default_rng(1).chisquare(4, size=(N, 1)) / 4)
    x, y = X - 1e4, Y
    x, y = x / scale, y / scale
    settings = xp.Settings(outlook=False, stability=False, n_permutations=19, n_draws=100)
    given = {"labels": LABELS, "labelled": np.arange(200), "settings": settings}
    one = xp.diagnose(chunked(x, 1100), chunked(y, 1000), **given)
    other = xp.diagnose(x, y, **given)
    assert any(found.code == "heavy-tails" for found in one.warnings)
    np.testing.assert_allclose(one.alignment.values, other.alignment.values, rtol=1e-8)
    assert one.probabilities == other.probabilities


def test_progress_is_told() -> None:
    told: list[float] = []
    gather(
        paired(chunked(X, 500), chunked(Y, 500)),
        progress=lambda stage, share: told.append(share),
    )
    assert len(told) > 5
    assert told[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("scheduler", "said"),
    [("cluster", "give an address"), (7, "distributed.Client"), ("tcp://127.0.0.1:9", "answers")],
)
def test_schedulers_that_are_none_are_refused(scheduler: object, said: str) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(xp.InputError, match=said):
        gather(paired(X, Y), scheduler=scheduler)


def lost_once(rows: np.ndarray, flag: str) -> np.ndarray:
    """Rows, unless nobody came before: then the worker is gone."""
    if not Path(flag).exists():
        Path(flag).touch()
        os._exit(1)
    return rows


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_same_with_a_worker_killed_half_way(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    parts = np.array_split(X, 8)
    blocks = [dask.delayed(part) for part in parts]
    blocks[5] = dask.delayed(lost_once, pure=False)(blocks[5], str(tmp_path / "lost"))
    x = da.concatenate(
        [da.from_delayed(b, p.shape, X.dtype) for b, p in zip(blocks, parts, strict=True)]
    )
    local = gather(paired(X, Y))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        found = gather(paired(x, chunked(Y, 900)), scheduler=client)
        assert (tmp_path / "lost").exists()
        at_address = gather(paired(X, Y), scheduler=client.scheduler.address)
    assert_same(found, local)
    assert_same(at_address, local)
