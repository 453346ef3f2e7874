from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from crossphase.errors import Finding
from crossphase.report.summary import summarise
from crossphase.report.terminal import print_report


def render(d, width=80, *, brief=False, **options):
    stream = io.StringIO()
    print_report(summarise(d), Console(file=stream, width=width, **options), brief=brief)
    return stream.getvalue()


@pytest.mark.parametrize("which", ["diagnosis", "published", "undetermined"])
@pytest.mark.parametrize("width", [80, 120])
def test_verdict_first_then_tables_within_the_width(which, width, request):
    d = request.getfixturevalue(which)
    lines = render(d, width).splitlines()
    assert lines[0] == d.verdict
    assert max(map(len, lines[1:])) <= width
    assert "\x1b" not in "".join(lines)


def test_the_numbers_are_there(diagnosis):
    text = render(diagnosis, 120)
    for part in ("0.93", "0.58 to 0.91", "fourier→karhunen", "▲ helps", "▼ harms", "unclear",
                 "Align fourier and karhunen", "12 labelled rows.", "Label more."):  # fmt: skip
        assert part in text
    assert "nan" not in text.split()


def test_at_80_columns_no_number_is_broken(diagnosis):
    lines = render(diagnosis, 80).splitlines()
    assert sum("+0.050 to +0.110" in line for line in lines) == 2
    assert any("1.58 to 2.47" in line for line in lines)


def test_published_shows_no_probabilities(published):
    text = render(published, 120)
    assert "P(Δ>1)" not in text
    assert "Regime probability" not in text
    assert "∞" in text


def test_brief_is_the_verdict_alone(diagnosis):
    assert render(diagnosis, brief=True) == f"{diagnosis.verdict}\n"


def test_names_and_findings_are_neither_markup_nor_control_codes(make_diagnosis, diagnosis):
    d = make_diagnosis(
        data=replace(diagnosis.data, x_name="[red]x[/red]", y_name="\x1b[31mevil\x07"),
        warnings=(Finding("code", "warning", "[bold]f[/bold]", "[/]", ":smile:"),),
    )
    text = render(d, 160)
    assert "[red]x[/red]" in text
    assert "[bold]f[/bold]" in text
    assert ":smile:" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_colour_only_on_a_terminal(diagnosis):
    assert "\x1b[" in render(diagnosis, force_terminal=True, color_system="standard")
    assert "\x1b[" not in render(diagnosis)
