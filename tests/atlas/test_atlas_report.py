"""Verdict, tables, pictures, page and JSON of a handmade atlas."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from crossphase.errors import Finding, InputError
from crossphase.plots import LIGHT, modality_order, plot_adding, plot_atlas
from crossphase.report.atlas_summary import summarise_atlas
from crossphase.report.atlas_terminal import print_atlas
from crossphase.results import Atlas, Interval
from crossphase.theory import Regime
from page_parser import Page

EVIL = "<script>alert(1)</script>"
DOCS = Path(__file__).parents[2] / "docs" / "atlas.md"


def printed(atlas: Atlas, width: int = 100, **choices: bool) -> str:
    stream = io.StringIO()
    print_atlas(atlas, Console(file=stream, width=width, highlight=False), **choices)
    return stream.getvalue()


def silent(atlas: Atlas) -> Atlas:
    """As without an outlook."""
    unknown = Interval(np.nan, np.nan, 0.95)
    rows = (replace(r, score=np.nan, interval=unknown, best_probability=np.nan)
            for r in atlas.modalities)  # fmt: skip
    return replace(
        atlas, modalities=tuple(rows), additions=(), n_compared={}, metric="", chance=np.nan
    )


def test_the_verdict_says_where_to_start_what_to_add_and_how_many_were_compared(small_atlas):
    said = small_atlas.verdict
    assert said == str(small_atlas)
    assert said.startswith("Start from profile: nothing is clearly worth adding to it. ")
    assert "Alone, profile foretells digit best (0.920 balanced accuracy" in said
    assert "fourier, brings +0.030 (-0.070 to +0.130, allowing for all 6 additions" in said
    assert "Regimes of the 3 pairs: CP only 2 and undetermined 1." in said


def test_a_clear_addition_is_the_first_thing_said(small_atlas):
    raised = tuple(
        replace(a, gain=0.03, joint_interval=Interval(0.002, 0.058, 0.95))
        if (a.at_hand, a.how, a.added) == ("profile", "beside", "fourier")
        else a
        for a in small_atlas.additions
    )
    said = replace(small_atlas, additions=raised).verdict
    assert said.startswith("Start from profile and add fourier. ")
    assert "Clear among the 6 additions compared: fourier (+0.030, +0.002 to +0.058)." in said


def test_worth_needs_a_point_and_an_interval_among_all(small_atlas):
    one = next(a for a in small_atlas.additions if (a.at_hand, a.added) == ("fourier", "profile"))
    assert one.worth
    assert not replace(one, gain=0.009, joint_interval=Interval(0.001, 0.02, 0.95)).worth
    apart = replace(one, joint_interval=Interval(-0.001, 0.4, 0.95))
    assert apart.clear_alone
    assert not apart.worth
    assert not apart.harms
    assert replace(one, joint_interval=Interval(-0.4, -0.001, 0.95)).harms
    effects = {
        (line.at_hand, line.added): line.effect for line in summarise_atlas(small_atlas).beside
    }
    assert effects == {
        ("profile", "fourier"): "unclear", ("profile", "zernike"): "unclear",
        ("fourier", "profile"): "worth", ("fourier", "zernike"): "alone",
        ("zernike", "profile"): "worth", ("zernike", "fourier"): "alone",
    }  # fmt: skip


def test_of_two_objectives_the_one_that_is_worth_it_is_told(small_atlas):
    first, second = [
        a for a in small_atlas.additions
        if (a.at_hand, a.added, a.how) == ("profile", "fourier", "in training")
    ]  # fmt: skip
    sure = replace(first, gain=0.02, joint_interval=Interval(0.01, 0.03, 0.95))
    vague = replace(second, gain=0.05, joint_interval=Interval(-0.1, 0.2, 0.95))
    rest = tuple(a for a in small_atlas.additions if a not in (first, second))
    told = replace(small_atlas, additions=(vague, sure, *rest)).adding("profile", "in training")
    assert [a for a in told if a.added == "fourier"] == [sure]


def test_where_nothing_beats_chance_nothing_is_compared(small_atlas):
    said = replace(small_atlas, chance=0.95).verdict
    assert said.startswith("No modality by itself foretells digit credibly better than chance.")
    assert "Label more rows before comparing modalities." in said


@pytest.mark.parametrize("which", ["whole", "silent"])
def test_json_comes_back_exactly(small_atlas, which, tmp_path):
    atlas = small_atlas if which == "whole" else silent(small_atlas)
    path = tmp_path / "atlas.json"
    text = atlas.to_json(path)
    back = Atlas.from_json(path)
    assert back.to_json() == text
    assert back.pairs[0].regime is Regime.CP_ONLY
    assert type(back.pairs[0].probabilities) is dict
    if which == "whole":
        assert back.modalities == atlas.modalities
        assert back.additions == atlas.additions
        assert back.pairs[0].prediction_xy == atlas.pairs[0].prediction_xy
    given = json.loads(text, parse_constant=lambda constant: pytest.fail(constant))
    assert given["schema"] == "crossphase.atlas/1"
    assert given["verdict"] == atlas.verdict
    assert given == json.loads(json.dumps(atlas.to_dict()))


def test_every_key_of_the_json_is_documented(small_atlas):
    documented = DOCS.read_text(encoding="utf-8")
    given = small_atlas.to_dict()
    for names in (given, given["modalities"][0], given["pairs"][0], given["additions"][0]):
        assert [name for name in names if f"`{name}`" not in documented] == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda g: g.pop("pairs"), "lacks 'pairs'"),
        (lambda g: g.update(schema="crossphase.diagnosis/1"), "not 'crossphase.atlas/1'"),
        (lambda g: g.update(schema="crossphase.atlas/2"), "version of crossphase that wrote it"),
        (lambda g: g["pairs"][0].update(regime="Maybe"), "damaged"),
        (lambda g: g["additions"][0].update(how="later"), "damaged"),
    ],
)
def test_damaged_json_is_refused_in_one_line(small_atlas, damage, message):
    given = small_atlas.to_dict()
    damage(given)
    with pytest.raises(InputError, match=message) as caught:
        Atlas.from_json(json.dumps(given))
    assert "\n" not in str(caught.value)


def test_frames_hold_a_row_a_pair_and_a_row_an_addition(small_atlas):
    pytest.importorskip("pandas")
    pairs = small_atlas.to_frame()
    assert list(pairs["regime"]) == ["CP only", "Undetermined", "CP only"]
    assert np.isinf(pairs["delta_xy"]).all()
    assert pairs["better_prediction"][0] == "fourier->profile"
    additions = small_atlas.to_frame("additions")
    assert len(additions) == 18
    assert additions["worth"].sum() == sum(a.worth for a in small_atlas.additions)


def test_the_page_is_whole_small_and_offline(small_atlas):
    for atlas in (small_atlas, silent(small_atlas)):
        text = atlas.to_html()
        page = Page(text)
        assert len(text.encode()) < 500_000
        assert len(set(page.ids)) == len(page.ids)
        inside = [address for address in page.addresses if not address.startswith("#")]
        assert all(address.startswith("data:application/json;base64,") for address in inside)
        assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
        assert "@import" not in text
        without_namespaces = re.sub(r'xmlns(?::\w+)?="[^"]*"', "", text)
        assert "http:" not in without_namespaces
        assert "https:" not in without_namespaces
        assert "nan" not in page.said.lower().split()
        (data,) = inside
        assert base64.b64decode(data.partition(",")[2]).decode() == atlas.to_json()


def test_every_part_is_there_in_order(small_atlas):
    said = Page(small_atlas.to_html()).said
    main = said[said.index("Serious warning.") :]
    headings = (
        "At a glance", "Each modality by itself", "What is worth adding",
        "What is worth training with", "Every pair What", "Warnings Weight",
        "Data, settings, versions", "Glossary At hand",
    )  # fmt: skip
    places = [main.rindex(heading) for heading in headings]
    assert places == sorted(places)
    assert small_atlas.verdict in said
    for part in (
        "6 additions were compared, each with linear and lifted features: 12 comparisons.",
        "24 comparisons", "▲ worth adding", "△ clear alone only", "▼ harms", "few-labels",
        "undetermined, likely CP only", "Rows have heavy tails.",
    ):  # fmt: skip
        assert part in main
    bare = Page(silent(small_atlas).to_html()).said
    assert "What is worth adding" not in bare
    assert "Every pair" in bare


def test_names_from_the_user_are_inert_everywhere(make_atlas):
    names = (EVIL, '"><img src=x onerror=alert(1)>', "$\\x$ [bold]x")
    evil = replace(
        make_atlas(names),
        labels=((EVIL, "classes"),),
        warnings=(Finding("evil", "serious", EVIL, EVIL, EVIL),),
        versions={EVIL: EVIL},
    )
    for text in (evil.to_html(), evil._repr_html_()):
        page = Page(text)
        assert not {"script", "img"} & set(page.tags)
        assert "alert(1)" in page.said
    assert "[bold]" in printed(evil, verbose=True)


def test_every_colour_of_a_picture_follows_the_page(small_atlas):
    pictures = re.findall(r"<svg.*?</svg>", small_atlas.to_html(), flags=re.DOTALL)
    assert len(pictures) == 3
    for svg in pictures:
        assert 'role="img"' in svg
        assert not re.search(r"#[0-9a-f]{6}", svg)


def test_the_same_atlas_gives_the_same_page_and_two_share_no_id(small_atlas):
    assert small_atlas.to_html() == small_atlas.to_html()
    other = replace(small_atlas, n_rows=7)
    first, second = (Page(each._repr_html_()).ids for each in (small_atlas, other))
    assert first
    assert not set(first) & set(second)


def test_many_modalities_make_no_endless_pictures(small_atlas):
    extra = tuple(replace(small_atlas.modalities[0], name=f"m{i}") for i in range(6))
    many = replace(small_atlas, modalities=small_atlas.modalities + extra)
    pairs = [
        replace(small_atlas.pairs[0], x=min(a, b), y=max(a, b))
        for i, a in enumerate(many.names) for b in many.names[i + 1 :]
    ]  # fmt: skip
    text = replace(many, pairs=tuple(pairs)).to_html()
    assert "with profile at hand" in text
    assert len(text.encode()) < 1_000_000


def test_the_terminal_tells_the_best_or_all(small_atlas):
    short, whole = printed(small_atlas), printed(small_atlas, verbose=True)
    assert "▲ worth it" in short
    assert "3 findings on single pairs" in short
    assert short.count("△ alone only") < whole.count("△ alone only")
    assert "Rows have heavy tails." in whole
    assert printed(small_atlas, brief=True) == small_atlas.verdict + "\n"
    assert max(map(len, printed(small_atlas, width=72).splitlines())) <= 72
    assert "Gain of" not in printed(silent(small_atlas))


def colours(ax) -> list[str]:
    from matplotlib.colors import to_hex

    return [to_hex(patch.get_facecolor()) for patch in ax.patches]


def words(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_a_cell_has_the_colour_of_its_regime_seen_from_its_row(small_atlas):
    ax = plot_atlas(small_atlas)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["profile", "fourier", "zernike"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["profile", "fourier", "zernike"]
    at = {tuple(np.round(p.get_xy()).astype(int)): p for p in ax.patches}
    assert len(at) == 6
    # The pair is (fourier, profile): out of fourier CP only, out of profile Neither.
    from_fourier, from_profile = at[0, 1], at[1, 0]
    assert colours(ax)[ax.patches.index(from_fourier)] == LIGHT.cp_only
    assert colours(ax)[ax.patches.index(from_profile)] == LIGHT.neither
    assert at[0, 2].get_hatch() is None
    assert at[2, 0].get_hatch() == "////"
    said = words(ax)
    assert "alone\n0.920" in said
    assert "CP only 0.93" in said
    assert "CP only? 0.93" in said
    assert said.count("beside") == said.count("train") == 6
    assert "+0.200" in said


def of_size(atlas: Atlas, m: int) -> Atlas:
    """The first modalities, or more of the kind: every pair and addition like the first."""
    names = [f"modality {i}" for i in range(m)]
    rows = tuple(replace(atlas.modalities[0], name=name) for name in names)
    pairs = tuple(
        replace(atlas.pairs[0], x=a, y=b) for i, a in enumerate(names) for b in names[i + 1 :]
    )
    additions = tuple(
        replace(atlas.additions[0], at_hand=a, added=b, how=how)
        for a in names for b in names if a != b for how in ("beside", "in training")
    )  # fmt: skip
    return replace(atlas, modalities=rows, pairs=pairs, additions=additions)


@pytest.mark.parametrize("m", [2, 3, 6])
def test_words_of_the_matrix_neither_overlap_nor_leave_the_picture(small_atlas, m):
    ax = plot_atlas(of_size(small_atlas, m))
    figure = ax.figure
    figure.savefig(io.BytesIO(), format="png")
    whole = figure.bbox
    boxes = [text.get_window_extent() for text in ax.texts]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
    legend = ax.get_legend().get_window_extent()
    for box in [*boxes, legend]:
        assert whole.x0 <= box.x0
        assert box.x1 <= whole.x1
        assert whole.y0 <= box.y0


def test_alike_modalities_stand_side_by_side(small_atlas):
    alike = {("fourier", "profile"): 0.1, ("profile", "zernike"): 0.9, ("fourier", "zernike"): 0.05}
    pairs = tuple(replace(pair, likeness=alike[pair.x, pair.y]) for pair in small_atlas.pairs)
    order = modality_order(replace(small_atlas, pairs=pairs), "likeness")
    assert abs(order.index("profile") - order.index("zernike")) == 1
    assert order in (("fourier", "profile", "zernike"), ("zernike", "profile", "fourier"))
    assert modality_order(small_atlas, "name") == ("fourier", "profile", "zernike")
    with pytest.raises(InputError, match="order='size'"):
        plot_atlas(small_atlas, order="size")


def test_the_forest_draws_both_intervals_of_every_addition(small_atlas):
    ax = plot_adding(small_atlas, "fourier")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["+ profile", "+ zernike"]
    spans = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2][1:]
    np.testing.assert_allclose(spans[:2], [[0.1, 0.3], [0.15, 0.25]])
    markers = [line.get_marker() for line in ax.lines if line.get_marker() != "None"]
    assert markers == ["^", "^"]
    every = plot_adding(small_atlas, how="in training")
    assert len(every.get_yticks()) == 6
    assert "v" in [line.get_marker() for line in every.lines]
    with pytest.raises(InputError, match="no outlook"):
        plot_adding(silent(small_atlas))


def test_plots_take_axes_and_leave_pyplot_alone(small_atlas):
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    before = plt.get_fignums()
    ax = Figure().add_subplot()
    assert small_atlas.plot(ax) is ax
    assert small_atlas.plot(kind="adding", at_hand="fourier", how="beside").figure is not ax.figure
    assert plt.get_fignums() == before
