from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from crossphase.errors import Finding
from crossphase.report.terminal import print_report
from crossphase.results import ComponentRow, Recommendation, StabilityRow


def render(d, width=80, *, brief=False, verbose=False, **options):
    stream = io.StringIO()
    console = Console(file=stream, width=width, **options)
    print_report(d, console, brief=brief, verbose=verbose)
    return stream.getvalue()


@pytest.fixture
def with_panels(make_diagnosis):
    components = tuple(
        ComponentRow(
            i, 0.9 - 0.03 * i, 0.95 if i in (0, 1, 2, 21) else 0.1, "batch", True, 0.1, 0.01
        )
        for i in range(23)
    )
    stability = (
        StabilityRow("seed", "another seed", "CP only", 0.9, 0.7, 1.9, 0.9, True),
        StabilityRow("pairs", "half 1", "CP only", 0.9, 0.7, 1.9, 0.9, True),
        StabilityRow("pairs", "half 2", "Neither", 0.7, 0.7, 0.9, 0.9, False),
        StabilityRow("label noise", "damaged", "CP only", 0.9, 0.7, 1.9, 0.9, True),
    )
    return make_diagnosis(components=components, stability=stability)


@pytest.mark.parametrize("which", ["diagnosis", "published", "undetermined"])
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("verbose", [False, True])
def test_verdict_first_then_tables_within_the_width(which, width, verbose, request):
    d = request.getfixturevalue(which)
    lines = render(d, width, verbose=verbose).splitlines()
    assert " ".join(" ".join(lines[: lines.index("")]).split()) == d.verdict
    assert max(map(len, lines)) <= width
    assert "\x1b" not in "".join(lines)


def test_the_numbers_are_there(diagnosis):
    text = render(diagnosis, 120)
    for part in ("0.93", "0.58 to 0.91", "fourier→karhunen", "▲ helps", "▼ harms", "unclear",
                 "Align fourier and karhunen", "12 labelled rows.", "→ Label more.",
                 "nothing else scores more than 0.01 better"):  # fmt: skip
        assert part in text
    assert "nan" not in text.split()


def test_at_80_columns_no_number_is_broken(diagnosis):
    lines = render(diagnosis, 80, verbose=True).splitlines()
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


def test_long_names_become_letters_where_there_is_no_room(make_diagnosis, diagnosis):
    long = {"x_name": "fourier_coefficients", "y_name": "karhunen_coefficients"}
    d = make_diagnosis(data=replace(diagnosis.data, **long))
    text = render(d, 80)
    lines = [line.split() for line in text.splitlines()]
    assert "In the tables x is fourier_coefficients and y is karhunen_coefficients." in text
    assert ["Regime", "probability", "with", "x→y", "with", "y→x"] in lines
    assert ["CP", "only", "0.93", "0.11"] in lines
    assert "only x at hand" in text
    assert "Only fourier_coefficients at hand" in text
    wide = render(d, 120)
    assert "with fourier_coefficients→karhunen_coefficients" in wide
    assert "In the tables" not in wide


def test_short_report_fits_a_screen_and_verbose_has_the_rest(with_panels):
    short, full = render(with_panels), render(with_panels, verbose=True)
    assert len(short.splitlines()) < 60
    assert "Shared components: 23, of which 4 signal and 19 nuisance." in short
    assert "Stability: 3 of 4 reruns" in short
    assert "(half of the pairs 1 of 2)." in short
    assert "explained by" not in short
    assert "… 3 more, 1 of them signal" in full
    assert "explained by" in full
    assert "Neither (0.70)" in full


def test_an_unsure_choice_is_called_one(make_diagnosis, diagnosis):
    advice = {
        **diagnosis.recommendations,
        "x": Recommendation("x", "unimodal x", 0.47, ("Stay.",)),
        "both": Recommendation("both", "concatenate", 0.35, ("Stay with both.",)),
    }
    text = " ".join(render(make_diagnosis(recommendations=advice)).split())
    assert text.startswith(
        "No clear difference: concatenate fourier and karhunen, the safest choice "
        "(probability 0.35)."
    )
    assert "No clear difference: stay with fourier alone, the simplest choice (0.47)" in text


def test_two_labels_have_their_own_tables(make_diagnosis, diagnosis):
    both = diagnosis.outlook + tuple(replace(row, metric="r2") for row in diagnosis.outlook)
    labels = (("digit", "classes"), ("size", "continuous"), ("weight", "continuous"))
    text = render(make_diagnosis(outlook=both, data=replace(diagnosis.data, labels=labels)))
    assert "Outlook for digit: balanced accuracy on held-out rows" in text
    assert "Outlook for size, weight: mean R² on held-out rows" in text
    assert "only fourier at hand  " in text
