"""Shapes3D by ray casting: the solids against marching along rays, the room by its symmetries."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from crossphase.datasets.stereo import SHAPES3D
from crossphase.datasets.stereo.rooms import render_rooms
from crossphase.datasets.stereo.solids import SOLIDS
from crossphase.errors import InputError

_DISTANCE = {  # signed distance-like functions: negative inside
    "cube": lambda p: np.abs(p).max(axis=-1) - 0.625,
    "cylinder": lambda p: np.maximum(
        np.hypot(p[..., 0], p[..., 1]) - 0.625, np.abs(p[..., 2]) - 0.625
    ),
    "sphere": lambda p: np.linalg.norm(p, axis=-1) - 0.775,
    "capsule": lambda p: (
        np.hypot(np.hypot(p[..., 0], p[..., 1]), np.maximum(np.abs(p[..., 2]) - 0.4125, 0.0))
        - 0.525
    ),
}


@pytest.mark.parametrize(("solid", "name"), list(zip(SOLIDS, SHAPES3D.class_names, strict=True)))
def test_rays_meet_the_solid_where_marching_finds_it(solid, name):
    inside = _DISTANCE[name]
    rng = np.random.default_rng(3)
    origin = np.array([0.7, -2.3, 0.9])
    rays = rng.uniform(-0.9, 0.9, (400, 3)) - origin
    reach, normals = solid.hit(origin, rays)
    steps = np.linspace(0.0, 2.0, 4001)
    path = inside(origin + steps[:, None, None] * rays)
    met = (path < 0).any(axis=0)
    np.testing.assert_array_equal(np.isfinite(reach), met)
    assert 0.2 < met.mean() < 0.95
    np.testing.assert_allclose(reach[met], steps[(path < 0).argmax(axis=0)][met], atol=6e-4)
    points = origin + reach[met, None] * rays[met]
    np.testing.assert_allclose(inside(points), 0.0, atol=1e-9)
    outward = normals[met]
    np.testing.assert_allclose(np.linalg.norm(outward, axis=1), 1.0, atol=1e-9)
    tangents = np.cross(outward, rng.normal(size=outward.shape))
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    # Outside along the normal, on the surface to first order across it, unless at an edge.
    assert (inside(points + 1e-4 * outward) > 0).all()
    assert np.median(np.abs(inside(points + 1e-4 * tangents))) < 1e-7
    assert np.mean(np.abs(inside(points + 1e-4 * tangents)) < 1e-6) > 0.97
    lowest = inside(np.array([0.0, 0.0, -solid.half_height]))
    np.testing.assert_allclose(lowest, 0.0, atol=1e-9)
    assert (np.linalg.norm(points, axis=1) <= solid.radius + 1e-9).all()


def _masks(scale, shape, orientation):
    """Where floor, wall and object show, from what changes with their hues."""
    base = [0, 3, 6, scale, shape, orientation]
    images = [base]
    for factor, other in ((0, 5), (1, 8), (2, 1)):
        changed = list(base)
        changed[factor] = other
        images.append(changed)
    first, *others = render_rooms(images).astype(int)
    return [np.abs(image - first).sum(axis=2) > 0 for image in others]


@pytest.mark.parametrize("shape", range(4))
def test_each_hue_colours_its_own_part(shape):
    floor, wall, thing = _masks(4, shape, 7)
    assert floor[60].all()
    assert not floor[:20].any()
    assert wall[20, 5]
    assert not wall[50:].any()
    assert thing[36, 32]
    sky = ~(floor | wall | thing)
    assert sky[:8].all()
    assert not sky[20:].any()
    columns = np.nonzero(thing)[1]
    assert columns.mean() == pytest.approx(31.5, abs=0.3)


def test_objects_grow_with_scale_and_stand_on_the_floor():
    for shape in range(4):
        masks = [_masks(scale, shape, 7)[2] for scale in range(8)]
        areas = [mask.sum() for mask in masks]
        assert (np.diff(areas) > 0).all()
        assert areas[-1] / areas[0] == pytest.approx((1.25 / 0.75) ** 2, rel=0.35)
        bottoms = [np.nonzero(mask)[0].max() for mask in masks]
        assert 44 <= min(bottoms) <= max(bottoms) <= 54


@pytest.mark.parametrize("shape", range(4))
def test_opposite_orientations_are_mirror_images(shape):
    for part, mirrored in zip(_masks(5, shape, 2), _masks(5, shape, 12), strict=True):
        assert np.mean(part != mirrored[:, ::-1]) < 0.002


def test_turning_moves_the_room_but_not_a_round_object():
    for shape in (1, 2, 3):
        first, second = _masks(5, shape, 0), _masks(5, shape, 9)
        np.testing.assert_array_equal(first[2], second[2])
        assert np.mean(first[1] != second[1]) > 0.005
    assert np.mean(_masks(5, 0, 0)[2] != _masks(5, 0, 7)[2]) > 0.005


def test_hues_are_saturated_colours_under_full_light():
    for code, hue in enumerate(np.linspace(0.0, 0.9, 10)):
        image = render_rooms([[code, 0, 0, 0, 0, 7]])[0]
        wanted = np.array(colorsys.hsv_to_rgb(hue, 1.0, 1.0)) * 255
        np.testing.assert_allclose(image[62, 2], wanted, atol=1.0)


def test_channel_means_and_spread_are_those_of_the_published_images():
    rng = np.random.default_rng(5)
    codes = [
        [*rng.integers(0, 10, 3), scale, shape, orientation]
        for scale in (0, 2, 5, 7)
        for shape in range(4)
        for orientation in (1, 7, 12)
        for _ in range(80)
    ]
    images = render_rooms(codes) / 255.0
    np.testing.assert_allclose(images.mean(axis=(0, 1, 2)), [0.5026, 0.5788, 0.6034], rtol=0.015)
    spread = images.std(axis=(1, 2)).mean(axis=0)
    np.testing.assert_allclose(spread, [0.2941, 0.3444, 0.3662], rtol=0.015)


def test_codes_out_of_range_are_refused():
    with pytest.raises(InputError, match="code 4 of shape"):
        render_rooms([[0, 0, 0, 0, 4, 0]])
    assert render_rooms(np.empty((0, 6), dtype=int)).shape == (0, 64, 64, 3)
