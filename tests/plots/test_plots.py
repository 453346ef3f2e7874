"""What is drawn, read back from the axes; never pixels."""

from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from crossphase.errors import InputError
from crossphase.plots import DARK, LIGHT, plot_diagnosis, plot_outlook, plot_spectrum
from crossphase.results import Interval
from crossphase.theory.regimes import Regime, regime_of


def _cloud(ax):
    (found,) = [c for c in ax.collections if c.get_label() == "draws"]
    return np.log(np.asarray(found.get_offsets().data))


def _line(ax, label):
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return found


def _quadrant_colours(ax):
    """Background colour of the phase diagram at the middle of each quadrant, in Δ."""
    colours = {}
    for collection in ax.collections:
        if collection.get_label() == "draws":
            continue
        for path in collection.get_paths():
            box = path.get_extents()
            if box.width > 0 and len(path.vertices) > 4:
                at = (np.sqrt(box.x0 * box.x1), np.sqrt(box.y0 * box.y1))
                colours[at] = to_hex(collection.get_facecolor()[0])
    return colours


def test_phase_diagram_shows_the_point_its_cross_and_the_cloud(diagnosis):
    ax = plot_diagnosis(diagnosis)
    point = _line(ax, "this dataset")
    assert point.get_xydata().tolist() == [[0.7, 1.9]]
    cross = [line for line in ax.lines if line.get_linewidth() == 1.6]
    np.testing.assert_allclose(cross[0].get_xdata(), [0.7 / 1.2, 0.7 * 1.3])
    np.testing.assert_allclose(cross[1].get_ydata(), [1.9 / 1.2, 1.9 * 1.3])
    cloud = _cloud(ax)
    inside = np.abs(diagnosis.log_delta_draws[:, :2]) < 0.98 * np.log(ax.get_xlim()[1])
    np.testing.assert_allclose(cloud[inside], diagnosis.log_delta_draws[:, :2][inside])
    assert inside.mean() > 0.98


def test_every_quadrant_has_the_colour_and_name_of_its_regime(diagnosis):
    ax = plot_diagnosis(diagnosis)
    colours = _quadrant_colours(ax)
    assert len(colours) == 4
    for (align, predict), colour in colours.items():
        assert colour == LIGHT.regime(regime_of(align, predict))
    for text in ax.texts:
        x, y = text.get_position()
        assert Regime(text.get_text()) is regime_of(2 if x > 0.5 else 0.5, 2 if y > 0.5 else 0.5)
    assert len(ax.texts) == 4


def test_the_other_direction_draws_the_other_prediction(diagnosis):
    ax = plot_diagnosis(diagnosis, direction="y->x")
    assert _line(ax, "this dataset").get_xydata().tolist() == [[0.7, 0.9]]
    assert np.median(_cloud(ax)[:, 1]) == pytest.approx(-0.1, abs=0.03)
    assert "karhunen→fourier" in ax.get_ylabel()
    with pytest.raises(InputError, match="direction"):
        plot_diagnosis(diagnosis, direction="up")


def test_ratios_without_bound_stand_on_the_edge(published):
    ax = plot_diagnosis(published)
    (x, y) = _line(ax, "this dataset").get_xydata()[0]
    assert ax.get_xlim()[0] < x < 1 < y < ax.get_ylim()[1]
    assert np.isfinite(ax.get_xlim() + ax.get_ylim()).all()


def test_the_plane_is_centred_on_the_boundary_and_holds_the_point(make_diagnosis, diagnosis):
    far = replace(diagnosis.alignment, delta=20.0, interval=Interval(15.0, 25.0, 0.95))
    ax = plot_diagnosis(make_diagnosis(alignment=far))
    low, high = ax.get_xlim()
    assert low * high == pytest.approx(1.0)
    assert ax.get_xlim() == ax.get_ylim()
    assert low < 20.0 < high


def test_spectrum_separates_signal_from_nuisance(diagnosis):
    separation = diagnosis.alignment
    ax = plot_spectrum(separation)
    drawn = {}
    for label in ("signal", "signal, unsure", "nuisance", "nuisance, unsure"):
        drawn[label] = _line(ax, label).get_ydata().tolist()
    signal = sorted(drawn["signal"] + drawn["signal, unsure"], reverse=True)
    nuisance = sorted(drawn["nuisance"] + drawn["nuisance, unsure"], reverse=True)
    assert signal == separation.signal.tolist()
    assert nuisance == separation.nuisance.tolist()
    assert _line(ax, "noise alone").get_ydata()[0] == separation.threshold
    assert _line(ax, "uncorrected").get_ydata().tolist() == separation.sample_values.tolist()


def test_spectrum_says_what_it_leaves_out(diagnosis):
    ax = plot_spectrum(diagnosis.alignment, max_components=2)
    assert ax.get_title(loc="left") == "the 2 largest of 6 components"
    with pytest.raises(InputError, match="at least 1"):
        plot_spectrum(diagnosis.alignment, max_components=0)


def test_empty_spectrum_is_an_empty_plot(diagnosis):
    empty = np.empty(0)
    bare = replace(diagnosis.alignment, values=empty, sample_values=empty, signal_probability=empty)
    assert plot_spectrum(bare).get_ylim()[1] > 0


def test_outlook_marks_gain_harm_and_neither(diagnosis):
    ax = plot_outlook(diagnosis.outlook, diagnosis.data)
    codes = [row for row in diagnosis.outlook if row.representation != "raw"]
    marks = [
        (line.get_xdata()[0], line.get_marker()) for line in ax.lines if len(line.get_xdata()) == 1
    ]
    expected = {row.gain: "^" if row.helps else "v" if row.harms else "o" for row in codes}
    assert len(marks) == len(codes)
    assert dict(marks) == expected
    assert set(expected.values()) == {"^", "v", "o"}
    headings = [text.get_text() for text in ax.texts]
    assert headings == ["only fourier at hand", "only karhunen at hand", "both at hand"]


def test_outlook_refuses_nothing_and_mixtures(diagnosis):
    with pytest.raises(InputError, match="no code"):
        plot_outlook(
            [row for row in diagnosis.outlook if row.representation == "raw"], diagnosis.data
        )
    mixed = [*diagnosis.outlook, replace(diagnosis.outlook[1], metric="r2")]
    with pytest.raises(InputError, match="one metric"):
        plot_outlook(mixed, diagnosis.data)


def test_plots_use_the_given_axes_and_leave_no_trace(diagnosis):
    before = dict(mpl.rcParams)
    for draw in (
        lambda ax: plot_diagnosis(diagnosis, ax),
        lambda ax: plot_spectrum(diagnosis.alignment, ax),
        lambda ax: plot_outlook(diagnosis.outlook, diagnosis.data, ax),
        lambda ax: diagnosis.plot(ax),
    ):
        ax = Figure().add_subplot()
        assert draw(ax) is ax
        ax.figure.savefig("/dev/null", format="png")
    assert dict(mpl.rcParams) == before


def test_names_are_text_and_not_mathematics(make_diagnosis, diagnosis):
    odd = make_diagnosis(data=replace(diagnosis.data, x_name=r"$\frac{$", y_name="a_$b$"))
    for ax in (plot_diagnosis(odd), plot_outlook(odd.outlook, odd.data)):
        drawn = [text for text in ax.findobj(Text) if "$" in text.get_text()]
        assert drawn
        assert not any(text.get_parse_math() for text in drawn)
        ax.figure.savefig("/dev/null", format="svg")


def test_palettes_have_distinct_colours_and_readable_text():
    def luminance(colour):
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return linear @ [0.2126, 0.7152, 0.0722]

    for palette in (LIGHT, DARK):
        colours = list(palette.css_variables().values())
        assert len(set(colours)) == len(colours)
        for role in ("ink", "muted", "helps", "harms"):
            pair = sorted((luminance(getattr(palette, role)), luminance(palette.paper)))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, role
        for regime in (Regime.BOTH, Regime.CA_ONLY, Regime.CP_ONLY, Regime.NEITHER):
            pair = sorted((luminance(palette.ink), luminance(palette.regime(regime))))
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 7
