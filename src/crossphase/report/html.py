"""The report as one offline HTML file, and its short form for notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossphase.plots import palette
from crossphase.plots.outlook import plot_outlook
from crossphase.plots.phase import plot_diagnosis
from crossphase.plots.spectra import plot_spectrum
from crossphase.report.files import write_text
from crossphase.report.summary import Summary, summarise
from crossphase.results import Diagnosis, formatting

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["fragment", "to_html"]


def to_html(d: Diagnosis, path: str | Path | None = None) -> str:
    """The whole report as one HTML page, written atomically if a path is given.

    The page needs no network and no script; its content policy forbids both.

    Parameters
    ----------
    d : Diagnosis
    path : str or Path, default None

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the folder of `path` is missing.
    OSError
        If the file cannot be written.
    """
    text = _render("report.html.j2", d, _figures(d))
    if path is not None:
        write_text(path, text)
    return text


def fragment(d: Diagnosis) -> str:
    """The verdict, the phase diagram and the main tables, to stand in a notebook's output.

    Parameters
    ----------
    d : Diagnosis

    Returns
    -------
    str
        One ``<div>`` with its own scoped style sheet.
    """
    return _render("fragment.html.j2", d, {"phase_xy": _phase(d, "x->y")})


def _render(template: str, d: Diagnosis, figures: dict[str, Any]) -> str:
    text = (
        _environment()
        .get_template(template)
        .render(
            s=summarise(d),
            figures=figures,
            light=palette.LIGHT.css_variables(),
            dark=palette.DARK.css_variables(),
        )
    )
    return text.strip() + "\n"


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("crossphase.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": formatting.number,
        "signed": formatting.signed,
        "probability": formatting.probability,
        "percent": formatting.percent,
        "span": formatting.interval,
    }
    return environment


def _figures(d: Diagnosis) -> dict[str, Any]:
    from markupsafe import Markup

    from crossphase.report.svg import inline_svg

    summary = summarise(d)
    figures: dict[str, Any] = {
        "phase_xy": _phase(d, "x->y"),
        "phase_yx": _phase(d, "y->x"),
        "spectra": [
            Markup(
                inline_svg(
                    plot_spectrum(separation), f"spectrum-{i}", _spectrum_description(summary, i)
                )
            )
            for i, separation in enumerate(d.separations)
        ],
        "outlook": [],
    }
    described = "Gain of every code over the plain features; the same numbers follow as a table"
    for i, metric in enumerate(dict.fromkeys(row.metric for row in d.outlook)):
        rows = [row for row in d.outlook if row.metric == metric]
        svg = inline_svg(plot_outlook(rows, d.data), f"outlook-{i}", described)
        figures["outlook"].append(Markup(svg))
    return figures


def _phase(d: Diagnosis, direction: Any) -> Any:
    from markupsafe import Markup

    from crossphase.report.svg import inline_svg

    predict = d.prediction_xy if direction == "x->y" else d.prediction_yx
    described = (
        f"Phase diagram, prediction {direction}: Δ of alignment is "
        f"{formatting.number(d.alignment.delta)}, Δ of prediction is "
        f"{formatting.number(predict.delta)}; both are above 1 where the signal is recovered"
    )
    name = "phase-xy" if direction == "x->y" else "phase-yx"
    return Markup(inline_svg(plot_diagnosis(d, direction=direction), name, described))


def _spectrum_description(summary: Summary, i: int) -> str:
    row = summary.separations[i]
    return f"Spectrum, {row.label}: {row.n_signal} signal components, {row.recovery} above nuisance"
