"""What breaks sums over rows: offsets, scales, constants, few groups, far rows, little memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import crossphase as xp
from crossphase import PairedData, memory
from crossphase.data.scan import row_keys, scan_block
from crossphase.engine import gather
from crossphase.moments import Moments, MomentSum, block_product
from crossphase.sources import RowSource

N = 4000
QUICK = xp.Settings(outlook=False, stability=False, n_permutations=19, n_draws=200)


class OnDemand(RowSource):
    """Rows of an array, read on demand."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows, self.shape, self.dtype = rows, rows.shape, rows.dtype

    def read(self, start: int, stop: int) -> np.ndarray:
        return self.rows[start:stop].copy()


class Endless(RowSource):
    """More rows than should be in memory, made when they are read."""

    def __init__(self, n: int, d: int) -> None:
        self.shape, self.dtype = (n, d), np.dtype(np.float32)
        self.pattern = np.random.default_rng(d).normal(size=(509, d)).astype(np.float32)

    def read(self, start: int, stop: int) -> np.ndarray:
        return self.pattern[np.arange(start, stop) % len(self.pattern)]


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


def modalities(
    correlations: tuple[float, float] = (0.9, 0.5), loud: float = 1.0, n: int = N
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One signal and one nuisance with these correlations; the nuisance of y is `loud`."""
    rng = np.random.default_rng(11)
    shared = rng.normal(size=(n, 2))
    root = np.sqrt(np.array(correlations))
    noise = rng.normal(size=(2, n, 2)) * np.sqrt(1 - root**2)
    x = np.hstack([shared * root + noise[0], rng.normal(size=(n, 5))])
    y = np.hstack([(shared * root + noise[1]) * [1.0, loud], rng.normal(size=(n, 4))])
    return x, y, shared[:, :1]


def paired(x: object, y: object, signal: np.ndarray, **more: object) -> PairedData:
    return PairedData.from_arrays(x, y, signal[:200], labelled=np.arange(200), **more)


def reference(*blocks: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Scatter in extended precision."""
    z = np.hstack([block.astype(np.longdouble) for block in blocks])
    own = np.ones(len(z)) if weights is None else weights
    z = z - own @ z / own.sum()
    return ((z * own[:, None]).T @ z).astype(np.float64)


def error(found: Moments, expected: np.ndarray) -> float:
    size = np.sqrt(np.diag(expected))
    size = np.where(size > 0, size, 1.0)
    return float(np.abs((found.scatter - expected) / np.outer(size, size)).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("constant", [0.1, -3.3, 1e6 + 0.3, 1e-20])
def test_constant_columns_have_no_variance_however_parts_are_merged(
    constant: float, dtype: type
) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(20_000, 3)).astype(dtype)
    z[:, 1] = constant
    cuts = np.split(z, [513, 3000, 9999])
    total = MomentSum({"z": 3})
    for part in cuts:
        total.add(block_product([part]))
    pieces = [Moments.from_arrays(z=part) for part in cuts]
    merged = sum(pieces[1:], pieces[0])
    left = merged - pieces[2]
    for found in (total.moments(), merged, left):
        assert not found.scatter[1].any()
        assert not found.scatter[:, 1].any()
        assert found.mean[1] == dtype(constant)
        assert (np.diag(found.scatter)[[0, 2]] > 0).all()


def test_columns_constant_but_for_rounding_have_no_variance_when_merged() -> None:
    z = np.random.default_rng(0).normal(size=(900, 2))
    z[:, 0] = np.where(np.arange(900) % 3, 0.1 + 0.2, 0.3)
    pieces = [Moments.from_arrays(z=z[:301]), Moments.from_arrays(z=z[301:])]
    assert not (pieces[0] + pieces[1]).scatter[0].any()


@pytest.mark.parametrize("scale", [1e-30, 1e-22, 1e17, 1e30])
def test_float32_squares_that_fade_or_overflow_are_taken_in_float64(scale: float) -> None:
    z = np.random.default_rng(1).normal(size=(700, 3)).astype(np.float32)
    z[:, 1] *= np.float32(scale)
    product = block_product([z])
    assert product.product.dtype == np.float64
    assert error(product.moments(), reference(z)) < 1e-12


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_scales_sorting_and_weights_cost_float32_no_digits(offset: float, weighted: bool) -> None:
    rng = np.random.default_rng(2)
    z = rng.normal(size=(30_000, 8))
    z = np.sort(z, axis=0) if weighted else z
    z = (z * np.geomspace(1e-12, 1e12, 8) if offset == 0 else z + offset).astype(np.float32)
    weights = rng.uniform(0.1, 4, len(z)) if weighted else None
    found = Moments.from_arrays(chunk_rows=7001, weights=weights, z=z)
    own = None if weights is None else weights * len(z) / weights.sum()
    assert found.single
    assert found.count == len(z)
    assert error(found, reference(z, weights=own)) < 1e-6


def test_blocks_far_from_the_first_keep_their_digits() -> None:
    z = np.random.default_rng(3).normal(size=(6000, 4)).astype(np.float32)
    z[1000:] += 3e4
    found = Moments.from_arrays(chunk_rows=1000, z=z)
    assert error(found, reference(z)) < 1e-6
    # Within the blocks it is the spread, not the step, that digits go by.
    rest = found - Moments.from_arrays(z=z[:1000])
    assert error(rest, reference(z[1000:])) < 1e-4


def test_offsets_cost_float64_no_digits() -> None:
    z = np.random.default_rng(4).normal(size=(60_000, 3)) + 1e8
    assert error(Moments.from_arrays(z=z), reference(z)) < 1e-12


@pytest.mark.parametrize("kind", ["int16", "int64", "float16", "bool", "fortran", "map", "swapped"])
def test_whatever_holds_the_numbers(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x, y = 40 * rng.normal(size=(3000, 3)), rng.normal(size=(3000, 2)).astype(np.float32)
    if kind == "fortran":
        x = np.asfortranarray(x)
    elif kind == "map":
        np.save(tmp_path / "x.npy", x)
        x = np.load(tmp_path / "x.npy", mmap_mode="r")
    elif kind == "swapped":
        x = x.astype(">f4")
    else:
        x = (x > 0 if kind == "bool" else x).astype(kind)
    found = Moments.from_arrays(chunk_rows=512, x=x, y=y)
    assert found.single is (kind in ("int16", "float16", "bool", "swapped"))
    assert error(found, reference(x, y)) < (1e-6 if found.single else 1e-12)


def test_tensors_are_multiplied_as_exactly_as_arrays_of_their_dtype() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(6)
    y = rng.normal(size=(500, 2)).astype(np.float32)
    for dtype in ("int16", "int32", "int64", "uint8", "float32"):
        x = (100 * np.abs(rng.normal(size=(500, 3)))).astype(dtype)
        own, other = block_product([x, y]), block_product([torch.from_numpy(x), y])
        assert own.product.dtype == other.product.dtype
        assert error(other.moments(), own.moments().scatter) < 1e-6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.usefixtures("large")
def test_offsets_do_not_make_rows_repeats(dtype: type) -> None:
    x, y, signal = modalities()
    x, y = (x + 1e5).astype(dtype), y.astype(dtype)
    y[:, 2] += 1e5
    codes = [one.code for one in gather(paired(OnDemand(x), OnDemand(y), signal)).whole.findings]
    assert "repeated-rows" not in codes
    assert len(np.unique(row_keys([x, y]))) == N


def test_keys_of_whole_numbers_do_not_collide() -> None:
    counts = np.random.default_rng(7).poisson(3.0, size=(100_000, 8))
    distinct = len(np.unique(counts, axis=0))
    for dtype in (np.float32, np.float64):
        assert len(np.unique(row_keys([counts.astype(dtype)]))) == distinct


def test_equal_columns_are_compared_and_hardly_any_others() -> None:
    bits = (np.random.default_rng(8).random((2000, 600)) < 0.02).astype(np.float32)
    bits[0], bits[1] = 0, 1
    bits[:, [77, 599]] = bits[:, [3]]
    found = dict(scan_block(bits, 0).alike())
    assert 3 in found[77]
    assert {3, 77} <= set(found[599])
    assert sum(map(len, found.values())) < 300


def test_memory_does_not_grow_with_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossphase.engine.gathering.KEPT_ROWS", 600)
    monkeypatch.setattr("crossphase.engine.gathering._LEAST_KEPT", 600)
    monkeypatch.setattr("crossphase.engine.gathering._KEPT_VALUES", 0)
    monkeypatch.setattr("crossphase.data.scan._LEAST_ROWS", 64)
    monkeypatch.setattr("crossphase.data.scan._BLOCK_BYTES", 2**16)
    monkeypatch.setattr("crossphase.moments._MOST_BLOCKS", 64)
    x, y = Endless(120_000, 250), Endless(120_000, 2)
    data = PairedData.from_arrays(x, y, np.arange(100.0), labelled=np.arange(100))
    tracemalloc.start()
    found = gather(data, jobs=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.moments.count == 120_000
    # A dozen matrices of the moments' size, the rows kept, and a few bytes a row.
    assert peak < 12 * 8 * 252**2 + 2 * 700 * 252 * 4 + 40 * 120_000 < x.nbytes / 8


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("count", [2, 3, 5])
def test_few_groups_make_fewer_parts(count: int) -> None:
    x, y, signal = modalities()
    groups = np.arange(N) % count
    found = gather(paired(OnDemand(x), OnDemand(y), signal, groups=groups))
    assert len(found.parts) == min(count, 4)
    half = found.half(np.random.default_rng(0))
    assert half.count in {2: {N // 2}, 3: {1333, 1334}, 5: {1600, 2400}}[count]
    stable = xp.Settings(outlook=False, n_permutations=19, n_draws=200)
    d = xp.diagnose(paired(OnDemand(x), OnDemand(y), signal, groups=groups), settings=stable)
    assert sum(row.kind == "pairs" for row in d.stability) == 2


@pytest.mark.usefixtures("large")
def test_parts_are_about_equal_where_groups_are_not() -> None:
    x, y, signal = modalities()
    groups = np.repeat(np.arange(12), [900, 900, 500, 500, *[150] * 8])
    found = gather(paired(OnDemand(x), OnDemand(y), signal, groups=groups))
    counts = [part.count for part in found.parts]
    assert sum(counts) == N
    assert max(counts) - min(counts) <= 150


@pytest.mark.usefixtures("large")
def test_far_rows_take_their_labels_and_groups_along() -> None:
    x, y, signal = modalities()
    far = np.arange(0, N, 500)
    x[far] *= 1e9
    ids, groups = [f"c{i}" for i in range(N)], np.arange(N) // 40
    more = {"ids_x": ids, "ids_y": ids, "groups": groups, "covariates": {"depth": np.arange(N)}}
    found = gather(paired(OnDemand(x), OnDemand(y), signal, **more))
    keep = np.setdiff1d(np.arange(N), far)
    assert found.whole.n == len(keep) == found.moments.count == len(found.cells)
    origin = keep[found.rows]
    np.testing.assert_array_equal(found.data.x, x[origin])
    np.testing.assert_array_equal(found.data.covariates["depth"], origin)
    assert found.data.ids.tolist() == [ids[i] for i in origin]
    np.testing.assert_array_equal(found.data.groups, groups[origin])
    labelled = origin[found.data.labelled_rows]
    np.testing.assert_array_equal(labelled, np.setdiff1d(np.arange(200), far))
    np.testing.assert_allclose(
        found.data.labels.columns[0].values[found.data.labelled_rows], signal[labelled, 0]
    )
    weighed = found.weighted(lambda x, y: 1.0 + np.abs(x[:, 0]))
    own = 1.0 + np.abs(x[keep, 0])
    own *= len(keep) / own.sum()
    assert weighed.moments.count == len(keep)
    assert sum(part.count for part in weighed.parts) == pytest.approx(len(keep))
    assert error(weighed.moments, reference(x[keep], y[keep], weights=own)) < 1e-10


@pytest.mark.usefixtures("large")
def test_wide_rows_on_demand_lose_their_far_rows() -> None:
    x = np.random.default_rng(9).normal(size=(60, 150))
    x[41] *= 1e6
    y = x[:, :5] + np.random.default_rng(10).normal(size=(60, 5))
    found = gather(PairedData.from_arrays(OnDemand(x), y, np.arange(60.0)))
    assert found.n == found.moments.count == 59
    assert "outlying-rows" in [one.code for one in found.whole.findings]


@pytest.mark.usefixtures("large")
def test_the_same_seed_keeps_the_same_rows() -> None:
    x, y, signal = modalities()
    one, again, other = (
        gather(paired(OnDemand(x), OnDemand(y), signal), seed=seed).rows for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("correlations", "loud", "regime"),
    [((0.9, 0.5), 1.0, "Both"), ((0.9, 0.5), 6.0, "CA only"), ((0.5, 0.9), 2.0, "Neither")],
)
def test_a_sample_of_rows_finds_the_regime_of_all_rows(
    correlations: tuple[float, float], loud: float, regime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y, signal = modalities(correlations, loud)
    small = xp.diagnose(paired(OnDemand(x), OnDemand(y), signal), settings=QUICK)
    monkeypatch.setattr("crossphase.engine.gathering.KEPT_ROWS", 20_000)
    whole = xp.diagnose(paired(x, y, signal), settings=QUICK)
    assert str(small.regime) == str(whole.regime) == regime
    for name, probability in whole.probabilities.items():
        assert abs(small.probabilities[name] - probability) < 0.1


def container(folder: Path, limit: str, used: str, stat: str = "") -> None:
    (folder / "memory.max").write_text(limit)
    (folder / "memory.current").write_text(used)
    (folder / "memory.stat").write_text(stat)


@pytest.mark.parametrize(
    ("limit", "used", "stat", "free"),
    [
        ("1000000000", "400000000", "", 600_000_000),
        ("1000000000", "990000000", "anon 90000000\ninactive_file 900000000\n", 910_000_000),
        ("1000000000", "1100000000", "inactive_file 0\n", 0),
        ("max", "990000000", "", 8_192_000_000),
        ("9000000000000", "0", "", 8_192_000_000),
    ],
)
def test_containers_limit_memory_and_their_cache_gives_way(
    limit: str, used: str, stat: str, free: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "meminfo"
    machine.write_text("MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n")
    container(tmp_path, limit, used, stat)
    names = ("memory.max", "memory.current", "inactive_file")
    monkeypatch.setattr(memory, "_MACHINE", str(machine))
    monkeypatch.setattr(memory, "_LIMITS", ((str(tmp_path), *names),))
    assert memory.available_memory() == free
    memory.require_memory(int(0.89 * free), "it")
    with pytest.raises(xp.InputError, match=r"^a matrix takes .* GB are free: give less$"):
        memory.require_memory(int(0.91 * free) + 1, "a matrix", "give less")


def test_moments_that_do_not_fit_are_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crossphase.data.checks.SMALL_VALUES", 0)
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000)

    class Unread(OnDemand):
        def read(self, start: int, stop: int) -> np.ndarray:
            raise AssertionError("read")

    x, y, signal = modalities(n=500)
    data = paired(Unread(x), Unread(y), signal)
    with pytest.raises(xp.InputError, match=r"7 \+ 6 features takes .* reduce the features"):
        gather(data)
