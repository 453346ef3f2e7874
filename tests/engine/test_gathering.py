"""One pass: the same moments, rows and findings however data lie, and no value read in vain."""

from __future__ import annotations

import threading

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import crossphase as xp
from crossphase import PairedData
from crossphase.diagnosis.robust import estimate_robust
from crossphase.engine import count_jobs, gather
from crossphase.engine.passes import Pass
from crossphase.engine.row_space import row_space
from crossphase.moments import Moments, MomentSum, block_product
from crossphase.sources import RowSource

N = 4000
QUICK = xp.Settings(outlook=False, stability=False, n_permutations=19, n_draws=200)


class Counted(RowSource):
    """Rows of an array, and how many were read."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows, self.shape, self.dtype = rows, rows.shape, rows.dtype
        self.n_read = 0

    def read(self, start: int, stop: int) -> np.ndarray:
        self.n_read += stop - start
        return self.rows[start:stop]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small data take the way of large ones."""
    monkeypatch.setattr("crossphase.data.checks.SMALL_VALUES", 0)
    monkeypatch.setattr("crossphase.engine.gathering.KEPT_ROWS", 600)
    monkeypatch.setattr("crossphase.engine.gathering._LEAST_KEPT", 600)
    monkeypatch.setattr("crossphase.engine.gathering._KEPT_VALUES", 0)
    monkeypatch.setattr("crossphase.data.scan._LEAST_ROWS", 64)
    monkeypatch.setattr("crossphase.data.scan._BLOCK_BYTES", 2**15)
    monkeypatch.setattr("crossphase.data.outlying._SAMPLE_ROWS", 400)


def rows(n: int = N, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(n, 2))
    x = np.hstack([signal + 0.5 * rng.normal(size=(n, 2)), rng.normal(size=(n, 7))])
    y = np.hstack([signal + 0.5 * rng.normal(size=(n, 2)), rng.normal(size=(n, 4))])
    return x, y, signal


def paired(x: object, y: object, signal: np.ndarray, **more: object) -> PairedData:
    return PairedData.from_arrays(x, y, signal[:200, 0], labelled=np.arange(200), **more)


def off(moments: Moments, z: np.ndarray) -> float:
    """Largest error of the scatter, over the root of the diagonal entries it belongs to."""
    centred = z.astype(np.float64) - z.astype(np.float64).mean(axis=0)
    true = centred.T @ centred
    size = np.sqrt(np.outer(np.diag(true), np.diag(true)))
    return float(np.abs((moments.scatter - true) / size).max())


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("drift", [0.0, 5.0])
def test_float32_products_err_by_less_than_a_millionth(offset: float, drift: float) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(20_000, 12)) * np.geomspace(1e-3, 1e3, 12) ** (offset == 0)
    z = (z + offset + drift * np.linspace(0, 1, 20_000)[:, None]).astype(np.float32)
    total = MomentSum({"z": 12})
    for start in range(0, 20_000, 1500):
        total.add(block_product([z[start : start + 1500]]))
    moments = total.moments()
    assert moments.single
    assert off(moments, z) < 1e-6


def test_float32_beyond_its_range_is_multiplied_in_float64() -> None:
    z = np.random.default_rng(2).normal(size=(500, 4)).astype(np.float32)
    z *= np.float32([1e-20, 1.0, 1e18, 1e25])
    product = block_product([z])
    assert product.product.dtype == np.float64
    assert off(product.moments(), z) < 1e-12


def test_torch_blocks_are_multiplied_through_the_array_api() -> None:
    torch = pytest.importorskip("torch")
    x, y, _ = rows(800)
    weights = np.random.default_rng(3).uniform(0.5, 2, 800)
    for own in (None, weights):
        for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-6)):
            plain = block_product([x.astype(dtype), y.astype(dtype)], own).moments()
            tensors = [torch.from_numpy(of.astype(dtype)) for of in (x, y)]
            found = block_product(tensors, own).moments()
            np.testing.assert_allclose(found.mean, plain.mean, atol=tolerance)
            size = np.sqrt(np.outer(np.diag(plain.scatter), np.diag(plain.scatter)))
            assert np.abs((found.scatter - plain.scatter) / size).max() < tolerance


@pytest.mark.usefixtures("large")
def test_threads_change_nothing() -> None:
    x, y, signal = rows()
    one, two, five = (gather(paired(Counted(x), Counted(y), signal), jobs=j) for j in (1, 2, 5))
    for other in (two, five):
        np.testing.assert_array_equal(one.moments.scatter, other.moments.scatter)
        np.testing.assert_array_equal(one.data.x, other.data.x)
        np.testing.assert_array_equal(one.parts[2].mean, other.parts[2].mean)


@pytest.mark.usefixtures("large")
def test_on_demand_is_as_in_memory_and_read_once() -> None:
    x, y, signal = rows()
    x[:, 5], y[:, 3] = 7.0, y[:, 2]
    x[3000:3200], y[3000:3200] = x[100:300], y[100:300]
    source = Counted(x)
    found = gather(paired(source, Counted(y), signal, ids_x=np.arange(N), ids_y=np.arange(N)))
    assert source.n_read <= N + 400
    np.testing.assert_allclose(found.moments.cov("x", "y"), np.cov(x.T, y.T, ddof=0)[:9, 9:],
                               atol=1e-12)  # fmt: skip
    np.testing.assert_array_equal(found.data.x, x[found.rows])
    np.testing.assert_array_equal(found.data.ids, found.rows)
    assert set(range(200)) <= set(found.rows.tolist())
    assert found.data.n_labelled == 200
    whole = sum((part.count for part in found.parts), 0)
    assert whole == found.n == N
    codes = [finding.code for finding in found.whole.findings]
    assert codes[-3:] == ["constant-columns", "duplicated-columns", "repeated-rows"]


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_bad_value_in_a_late_block_is_named(value: float) -> None:
    x, y, signal = rows()
    y[3777, 4] = value
    names = [f"cell{i}" for i in range(N)]
    data = paired(Counted(x), Counted(y), signal, ids_x=names, ids_y=names)
    with pytest.raises(xp.InputError, match=r"row 3777 \(ID 'cell3777'\), column 4"):
        gather(data, jobs=2)
    assert not [t for t in threading.enumerate() if t.name.startswith("crossphase")]


@pytest.mark.usefixtures("large")
def test_few_far_rows_are_left_out_and_many_are_kept() -> None:
    x, y, signal = rows()
    few, many = x.copy(), x.copy()
    few[[700, 1900]] *= 1e9
    found = gather(paired(Counted(few), Counted(y), signal))
    keep = np.setdiff1d(np.arange(N), [700, 1900])
    assert found.n == N - 2
    assert found.moments.count == N - 2
    np.testing.assert_allclose(found.moments.cov("x"), np.cov(x[keep].T, ddof=0), atol=1e-9)
    assert found.whole.findings[-1].code == "outlying-rows"
    assert len(found.cells) == N - 2
    many[::12] *= 1e3
    source = Counted(many)
    kept = gather(paired(source, Counted(y), signal))
    assert kept.n == kept.moments.count == N
    assert kept.whole.findings[-1].code == "outlying-rows"
    assert source.n_read > 2 * N


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("tails", [False, True])
@pytest.mark.parametrize("groups", [False, True])
def test_kept_rows_and_moments_tell_what_all_rows_tell(
    tails: bool, groups: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y, signal = rows()
    if tails:
        scale = np.sqrt(np.random.default_rng(4).chisquare(4, size=(N, 1)) / 4)
        x, y = x / scale, y / scale
    more = {"groups": np.repeat(np.arange(N // 20), 20)} if groups else {}
    small = xp.diagnose(paired(Counted(x), Counted(y), signal, **more), settings=QUICK)
    monkeypatch.setattr("crossphase.engine.gathering.KEPT_ROWS", 20_000)
    whole = xp.diagnose(paired(x, y, signal, **more), settings=QUICK)
    assert small.regime is whole.regime
    assert small.data.n_pairs == whole.data.n_pairs == N
    np.testing.assert_allclose(small.alignment.values, whole.alignment.values, rtol=0.02)
    for name, probability in whole.probabilities.items():
        assert abs(small.probabilities[name] - probability) < 0.1


@pytest.mark.usefixtures("large")
def test_nearly_dependent_float32_columns_are_multiplied_again_in_float64() -> None:
    x, y, signal = rows()
    x[:, 8] = x[:, 7] + 1e-4 * x[:, 8]
    source = Counted(x.astype(np.float32))
    found = xp.diagnose(paired(source, Counted(y.astype(np.float32)), signal), settings=QUICK)
    assert source.n_read > 2 * N
    expected = xp.diagnose(paired(x, y, signal), settings=QUICK)
    np.testing.assert_allclose(found.alignment.values, expected.alignment.values, rtol=0.02)


@pytest.mark.usefixtures("large")
def test_more_labels_than_are_kept_are_said() -> None:
    x, y, signal = rows()
    data = PairedData.from_arrays(Counted(x), Counted(y), signal[:, 0])
    found = xp.diagnose(data, settings=QUICK)
    assert found.data.n_labelled == N
    assert "labels-subsampled" in [one.code for one in found.warnings]


@pytest.mark.usefixtures("large")
def test_parts_hold_whole_groups() -> None:
    x, y, signal = rows()
    codes = np.repeat(np.arange(40), N // 40)
    found = gather(paired(Counted(x), Counted(y), signal, groups=codes))
    for group in range(40):
        assert len(set(found.cells[codes == group].tolist())) == 1
    assert sorted(part.count for part in found.parts) == [N // 4] * 4


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**16), size=st.integers(40, 700))
def test_blocks_and_order_of_rows_do_not_matter(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(700, 5)) @ rng.normal(size=(5, 5)) + 10 * rng.normal(size=5)
    sums = [MomentSum({"z": 5}) for _ in range(2)]
    moved = z[rng.permutation(700)]
    sums[0].add(block_product([z]))
    for start in range(0, 700, size):
        sums[1].add(block_product([moved[start : start + size]]))
    one, other = (total.moments() for total in sums)
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(one.scatter, other.scatter, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("dx", "dy"), [(150, 30), (150, 110), (30, 150)])
def test_row_space_loses_nothing(dx: int, dy: int) -> None:
    rng = np.random.default_rng(5)
    n = 60
    factors = rng.normal(size=(n, 2))
    x = 0.9 * factors @ rng.normal(size=(2, dx)) + rng.normal(size=(n, dx))
    y = 0.9 * factors @ rng.normal(size=(2, dy)) + rng.normal(size=(n, dy))
    x[:, 3], x[:, 4] = 5.0, x[:, 5]
    x *= np.geomspace(1e-3, 1e3, dx)
    labels = factors[:40, :1]
    found = gather(PairedData.from_arrays(x, y, labels, labelled=np.arange(40)))
    given = {"targets": labels, "labelled": np.arange(40), "settings": QUICK}
    one = estimate_robust(found.linear.x, found.linear.y, moments=found.moments, **given)
    other = estimate_robust(x, y, moments=Moments.from_arrays(x=x, y=y), **given)
    assert one.space.full_ranks == other.space.full_ranks
    assert one.space.n_components == other.space.n_components > 0
    assert one.p_value == other.p_value
    for name in ("correlations", "spectrum", "threshold", "inflation"):
        np.testing.assert_allclose(getattr(one.space, name), getattr(other.space, name), atol=1e-8)
    # The sign of a component is free, and that of its coefficients with it.
    np.testing.assert_allclose(np.abs(one.label_z), np.abs(other.label_z), rtol=1e-8)
    for side in ("loadings_x", "loadings_y"):
        grams = [np.diag(getattr(of.fit, side).gram) for of in (one, other)]
        np.testing.assert_allclose(*grams, rtol=1e-8)
    np.testing.assert_allclose(
        row_space(x).coordinates @ row_space(x).basis.T, x - x.mean(axis=0), atol=1e-9
    )


def test_wide_rows_need_no_matrix_of_features() -> None:
    import tracemalloc

    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(50, 6000)), rng.normal(size=(50, 40))
    tracemalloc.start()
    xp.diagnose(x, y, x[:, 0] > 0, settings=QUICK)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * x.nbytes < 8 * 6000**2


def test_tails_without_a_variance_end_in_a_verdict() -> None:
    rng = np.random.default_rng(7)
    x, y, signal = rows(3000)
    scale = np.sqrt(rng.chisquare(0.5, size=(3000, 1)) / 0.5)
    found = xp.diagnose(x / scale, y / scale, signal[:200, 0], labelled=range(200), settings=QUICK)
    assert "heavy-tails" in [one.code for one in found.warnings]


def test_jobs_are_counted_as_joblib_and_threadpoolctl_do() -> None:
    assert count_jobs(3) == 3
    assert count_jobs(-1) == joblib.cpu_count()
    with threadpool_limits(1):
        assert count_jobs(None) == 1
    with joblib.parallel_config(n_jobs=5):
        assert count_jobs(None) == 5
    for wrong in (0, 1.5, "two", True):
        with pytest.raises(xp.InputError, match="jobs="):
            count_jobs(wrong)


def test_an_error_in_a_thread_surfaces_and_none_is_left() -> None:
    def fails(start: int, block: list[np.ndarray]) -> int:
        if start:
            raise KeyboardInterrupt
        return 0

    x = np.zeros((40_000, 30))
    with pytest.raises(KeyboardInterrupt):
        list(Pass((x,), jobs=3).map(fails))
    assert not [t for t in threading.enumerate() if t.name.startswith("crossphase")]


def test_progress_rises_to_one() -> None:
    told: list[float] = []
    work = Pass((np.zeros((40_000, 30)),), progress=lambda stage, share: told.append(share))
    assert sum(work.map(lambda start, block: len(block[0]))) == 40_000
    assert told == sorted(told)
    assert told[-1] == 1.0
