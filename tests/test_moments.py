"""Moments: how they arrive must not matter, and nothing may be lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossphase.errors import InputError
from crossphase.moments import Moments
from crossphase.spectra import cca

seeds = st.integers(0, 2**32 - 1)
few = settings(deadline=None, derandomize=True, max_examples=25)


def _blocks(seed: int, n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 2))
    x = shared @ rng.normal(size=(2, 4)) + rng.normal(size=(n, 4)) + rng.normal(size=4) * 10
    y = shared @ rng.normal(size=(2, 3)) + rng.normal(size=(n, 3)) + rng.normal(size=3) * 10
    return {"x": x, "y": y}


def _rows(blocks: dict[str, np.ndarray], rows) -> dict[str, np.ndarray]:
    return {name: block[rows] for name, block in blocks.items()}


def _assert_same(got: Moments, want: Moments, rtol: float = 1e-10) -> None:
    assert got.count == want.count
    assert dict(got.sizes) == dict(want.sizes)
    np.testing.assert_allclose(got.mean, want.mean, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(
        got.scatter, want.scatter, rtol=rtol, atol=rtol * np.abs(want.scatter).max()
    )


def test_moments_are_numpys():
    blocks = _blocks(0, 50)
    moments = Moments.from_arrays(**blocks)
    stacked = np.hstack([blocks["x"], blocks["y"]])
    np.testing.assert_allclose(moments.mean, stacked.mean(axis=0))
    np.testing.assert_allclose(moments.mean_of("y"), blocks["y"].mean(axis=0))
    np.testing.assert_allclose(moments.cov("x"), np.cov(blocks["x"].T, ddof=0))
    np.testing.assert_allclose(moments.cov("x", ddof=1), np.cov(blocks["x"].T))
    np.testing.assert_allclose(moments.cov("x", "y"), np.cov(stacked.T, ddof=0)[:4, 4:])
    np.testing.assert_array_equal(moments.cov("y", "x"), moments.cov("x", "y").T)


@few
@given(seed=seeds, n=st.integers(2, 60), chunk=st.integers(1, 70))
def test_chunking_does_not_change_moments(seed, n, chunk):
    blocks = _blocks(seed, n)
    whole = Moments.from_arrays(**blocks)
    _assert_same(Moments.from_arrays(chunk_rows=chunk, **blocks), whole)


@few
@given(seed=seeds, cuts=st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_merging_is_associative_commutative_and_ignores_row_order(seed, cuts):
    blocks = _blocks(seed, 41)
    whole = Moments.from_arrays(**blocks)
    order = np.random.default_rng(seed).permutation(41)
    parts = [p for p in np.split(order, sorted(cuts)) if p.size]
    pieces = [Moments.from_arrays(**_rows(blocks, p)) for p in parts]
    left = pieces[0]
    for piece in pieces[1:]:
        left = left + piece
    right = pieces[-1]
    for piece in reversed(pieces[:-1]):
        right = right + piece
    _assert_same(left, whole)
    _assert_same(right, whole)


@few
@given(seed=seeds, left_out=st.integers(1, 39))
def test_subtracting_undoes_merging(seed, left_out):
    blocks = _blocks(seed, 41)
    whole = Moments.from_arrays(**blocks)
    part = Moments.from_arrays(**_rows(blocks, slice(0, left_out)))
    rest = Moments.from_arrays(**_rows(blocks, slice(left_out, None)))
    _assert_same(whole - part, rest)


@few
@given(seed=seeds)
def test_projecting_moments_is_projecting_rows(seed):
    blocks = _blocks(seed, 30)
    weights = np.random.default_rng(seed + 1).normal(size=(4, 2))
    projected = Moments.from_arrays(**blocks).project(x=weights)
    want = Moments.from_arrays(x=blocks["x"] @ weights, y=blocks["y"])
    _assert_same(projected, want)


def test_selecting_blocks_reorders_them():
    blocks = _blocks(3, 30) | {"z": np.arange(30.0)[:, None]}
    selected = Moments.from_arrays(**blocks).select("z", "x")
    _assert_same(selected, Moments.from_arrays(z=blocks["z"], x=blocks["x"]))


def test_one_row_has_a_mean_and_no_scatter():
    moments = Moments.from_arrays(x=[[1.0, 2.0]], y=[[3.0]])
    np.testing.assert_array_equal(moments.mean, [1.0, 2.0, 3.0])
    assert not moments.scatter.any()


def test_empty_chunks_are_skipped_and_integers_are_read_as_numbers():
    chunks = [{"x": np.empty((0, 2), dtype=int)}, {"x": np.array([[1, 2], [3, 5]])}]
    _assert_same(Moments.from_chunks(chunks), Moments.from_arrays(x=[[1.0, 2.0], [3.0, 5.0]]))


@pytest.mark.parametrize("chunk_rows", [100_000, 700, 1])
def test_no_digits_are_lost_at_an_offset_of_a_million(chunk_rows):
    """Against extended precision on the same, offset rows: only arithmetic can lose digits."""
    blocks = {name: block + 1e6 for name, block in _blocks(5, 2000).items()}
    moments = Moments.from_arrays(chunk_rows=chunk_rows, **blocks)
    exact = np.hstack(list(blocks.values())).astype(np.longdouble)
    exact -= exact.mean(axis=0)
    covariance = exact.T @ exact / 2000
    got = np.block(
        [[moments.cov("x"), moments.cov("x", "y")], [moments.cov("y", "x"), moments.cov("y")]]
    )
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.max(np.abs(got - covariance) / scale) < 1e-10
    centred = Moments.from_arrays(
        x=exact[:, :4].astype(np.float64), y=exact[:, 4:].astype(np.float64)
    )
    np.testing.assert_allclose(cca(moments).values, cca(centred).values, rtol=1e-8)


def test_leaving_rows_out_keeps_its_digits_at_an_offset_of_a_million():
    blocks = {name: block + 1e6 for name, block in _blocks(6, 2000).items()}
    whole = Moments.from_arrays(**blocks)
    rest = whole - Moments.from_arrays(**_rows(blocks, slice(0, 400)))
    want = Moments.from_arrays(**_rows(blocks, slice(400, None)))
    np.testing.assert_allclose(cca(rest).values, cca(want).values, rtol=1e-8)


def test_the_means_of_parts_may_differ_by_far_more_than_the_spread():
    blocks = _blocks(7, 100)
    blocks["x"][50:] += 1e6
    split = Moments.from_arrays(chunk_rows=50, **blocks)
    np.testing.assert_allclose(split.cov("x"), np.cov(blocks["x"].T, ddof=0), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Moments.from_arrays(x=np.ones(3)), "shape"),
        (lambda: Moments.from_arrays(x=np.ones((3, 1)), y=np.ones((2, 1))), "unequal"),
        (lambda: Moments.from_arrays(x=np.ones((0, 2))), "no rows"),
        (lambda: Moments.from_chunks([]), "no rows"),
        (
            lambda: Moments.from_arrays(x=np.ones((3, 1))) + Moments.from_arrays(x=np.ones((3, 2))),
            "different blocks",
        ),
        (
            lambda: Moments.from_arrays(x=np.ones((3, 1))) - Moments.from_arrays(x=np.ones((3, 1))),
            "cannot leave",
        ),
    ],
)
def test_what_cannot_be_summed_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_an_unknown_block_is_named():
    with pytest.raises(KeyError, match="no block 'z'"):
        Moments.from_arrays(x=np.ones((3, 1))).cov("z")
