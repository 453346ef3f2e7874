"""dSprites drawn from formulas."""

from __future__ import annotations

import numpy as np
import pytest

from crossphase.datasets.stereo import DSPRITES
from crossphase.datasets.stereo.sprites import render_sprites
from crossphase.errors import InputError

_SCALES = np.linspace(0.5, 1.0, 6)


def _moments(image):
    rows, columns = np.nonzero(image)
    return columns.mean(), rows.mean(), np.cov(columns, -rows)


@pytest.mark.parametrize(
    ("shape", "area"),
    [(0, 19.5**2), (1, np.pi * 6.25 * 12.5), (2, 3.6619723723 * 8.4**2)],
    ids=["square", "ellipse", "heart"],
)
def test_area_is_the_formulas_and_grows_with_the_square_of_scale(shape, area):
    for code, scale in enumerate(_SCALES):
        images = render_sprites([[0, shape, code, o, 16, 16] for o in range(39)])
        assert images.sum(axis=(1, 2)).mean() == pytest.approx(area * scale**2, rel=0.02)


def test_mean_and_spread_are_those_of_the_published_images():
    # Published: 4.2494 % of all pixels are on, and images have a mean standard deviation of .19517.
    codes = [[0, s, k, o, 16, 16] for s in range(3) for k in range(6) for o in range(40)]
    images = render_sprites(codes)
    assert images.max() == 1
    assert images.mean() == pytest.approx(0.042494, rel=0.001)
    assert images.std(axis=(1, 2)).mean() == pytest.approx(0.19517, rel=0.001)


def test_a_position_is_a_whole_pixel_and_nothing_is_cut_off():
    corners = [(0, 0), (31, 0), (0, 31), (31, 31), (7, 22)]
    for shape in range(3):
        for orientation in (0, 3, 19, 33):
            middle, *moved = render_sprites(
                [[0, shape, 5, orientation, x, y] for x, y in [(16, 16), *corners]]
            )
            for image, (x, y) in zip(moved, corners, strict=True):
                np.testing.assert_array_equal(image, np.roll(middle, (y - 16, x - 16), (0, 1)))
            assert not (middle[0] | middle[-1] | middle[:, 0] | middle[:, -1]).any()


def test_centre_follows_posx_to_the_right_and_posy_down():
    for shape, tolerance in ((0, 0.6), (1, 0.01), (2, 1.6)):
        for x, y in ((4, 4), (28, 4), (4, 28)):
            column, row, _ = _moments(render_sprites([[0, shape, 5, 2, x, y]])[0])
            assert (column, row) == pytest.approx((16 + x, 16 + y), abs=tolerance)


@pytest.mark.parametrize("orientation", [0, 4, 9, 15, 30])
def test_the_ellipse_turns_anticlockwise_by_its_orientation(orientation):
    _, _, spread = _moments(render_sprites([[0, 1, 5, orientation, 16, 16]])[0])
    long_axis = np.linalg.eigh(spread)[1][:, 1]
    wanted = DSPRITES.factors[3][1][orientation] + np.pi / 2
    turned = np.arctan2(long_axis[1], long_axis[0])
    assert np.cos(2 * (turned - wanted)) > 0.999


def test_the_heart_points_down_and_has_a_notch():
    heart = render_sprites([[0, 2, 5, 0, 16, 16]])[0].astype(bool)
    np.testing.assert_array_equal(heart[:, 1:], heart[:, :0:-1])  # about column 32
    widths = heart.sum(axis=1)[heart.any(axis=1)]
    assert widths[-1] <= 3 < widths[len(widths) // 3]
    top = np.flatnonzero(heart.any(axis=1))[0]
    assert not heart[top, 32]
    assert heart[top + 4, 32]


def test_a_full_turn_is_no_turn():
    for shape in range(3):
        first, last = render_sprites([[0, shape, 3, 0, 9, 9], [0, shape, 3, 39, 9, 9]])
        np.testing.assert_array_equal(first, last)


def test_codes_out_of_range_are_refused():
    with pytest.raises(InputError, match="code 40 of orientation"):
        render_sprites([[0, 0, 0, 40, 0, 0]])
    assert render_sprites(np.empty((0, 6), dtype=int)).shape == (0, 64, 64)
