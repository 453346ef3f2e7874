"""Size of codes and partial recovery against constructions with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import subspace_angles

from crossphase.errors import InputError
from crossphase.theory import (
    code_norm_bound,
    direction_overlaps,
    minimal_code_norm,
    random_basis,
    recovered_directions,
    subspace_distance,
)


def test_smallest_codes_reach_the_norm_and_no_feasible_ones_go_below():
    rng = np.random.default_rng(0)
    u, v = random_basis(6, rng)[:, :3], random_basis(5, rng)[:, :3]
    phi = np.array([0.9, 0.6, 0.2])
    whitened = (u * phi) @ v.T
    w, m = (u / np.sqrt(phi)).T, (v / np.sqrt(phi)).T
    np.testing.assert_allclose(w @ whitened @ m.T, np.eye(3), atol=1e-12)
    assert (w**2).sum() + (m**2).sum() == pytest.approx(minimal_code_norm(phi))
    spectral = np.linalg.norm(w, 2) ** 2 + np.linalg.norm(m, 2) ** 2
    assert spectral == pytest.approx(float(code_norm_bound(0.2)))
    for _ in range(200):
        w = np.linalg.qr(rng.standard_normal((6, 3)))[0].T @ np.diag(rng.uniform(0.5, 3, 6))
        m = np.linalg.inv(w @ whitened @ v).T @ v.T
        np.testing.assert_allclose(w @ whitened @ m.T, np.eye(3), atol=1e-7)
        assert (w**2).sum() + (m**2).sum() >= minimal_code_norm(phi)


def test_distance_is_that_of_principal_angles_and_ignores_scale():
    rng = np.random.default_rng(1)
    first, second = rng.standard_normal((2, 4, 10, 3))
    distances = subspace_distance(first, second)
    for i in range(4):
        expected = 1 - np.mean(np.cos(subspace_angles(first[i], second[i])) ** 2)
        assert distances[i] == pytest.approx(expected)
    mixed = first @ rng.standard_normal((4, 3, 3))
    np.testing.assert_allclose(subspace_distance(mixed, second), distances)
    basis = random_basis(10, rng)
    assert float(subspace_distance(basis[:, :3] * 7, basis[:, :3])) == pytest.approx(0, abs=1e-12)
    assert float(subspace_distance(basis[:, :3], basis[:, 3:6])) == pytest.approx(1)


def test_overlaps_add_up_to_the_distance_and_count_directions():
    rng = np.random.default_rng(2)
    basis = random_basis(8, rng)
    code = basis[:, [0, 1, 5]] @ rng.standard_normal((3, 3))
    np.testing.assert_allclose(direction_overlaps(code, basis[:, :3]), [1, 1, 0], atol=1e-12)
    assert int(recovered_directions(code, basis[:, :3])) == 2
    other = rng.standard_normal((8, 3))
    overlaps = direction_overlaps(other, basis[:, :3])
    assert float(subspace_distance(other, basis[:, :3])) == pytest.approx(1 - overlaps.mean())
    assert int(recovered_directions(other, basis[:, :3], threshold=0.0)) == 3


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda: subspace_distance(np.ones((2, 3)), np.ones((2, 1))), "code_map has shape"),
        (lambda: recovered_directions(np.eye(2), np.eye(2), threshold=1.5), "threshold contains"),
        (lambda: minimal_code_norm([0.5, 0.0]), "phi contains 0"),
        (lambda: minimal_code_norm([1.5]), "phi contains 1.5"),
    ],
)
def test_bad_input(call, wanted):
    with pytest.raises(InputError, match=wanted):
        call()
