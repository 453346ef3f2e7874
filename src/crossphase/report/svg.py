"""Matplotlib figures as inline SVG that follows the page's colours."""

from __future__ import annotations

import io
import re
from dataclasses import asdict

from matplotlib.axes import Axes

from crossphase.plots.palette import LIGHT
from crossphase.plots.style import scoped_style

__all__ = ["inline_svg"]

_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'(url\(#|xlink:href="#)([^")]+)')


def inline_svg(ax: Axes, name: str, description: str) -> str:
    """The figure of `ax` as an ``<svg>`` element to stand in a page.

    Text stays text (searchable, set in the page's font) and every colour of the palette
    becomes a CSS variable, so that the picture turns dark with the page. Colours, sizes and
    IDs are the same on every run.

    Parameters
    ----------
    ax : matplotlib Axes
    name : str
        Prefix of the IDs inside, unique on the page; letters and dashes.
    description : str
        What the picture shows, for those who cannot see it.

    Returns
    -------
    str
        Safe to put in a page: Matplotlib escapes every text, and `description` is escaped
        here.
    """
    import matplotlib as mpl
    from markupsafe import escape

    stream = io.StringIO()
    settings = {"svg.fonttype": "none", "svg.hashsalt": name}
    figure = ax.get_figure(root=True)
    assert figure is not None, "axes that were removed from their figure cannot be drawn"
    with scoped_style(), mpl.rc_context(settings):  # type: ignore[arg-type]
        figure.savefig(stream, format="svg", metadata={"Date": None}, facecolor="none")
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*\n\s*", "\n", svg)
    svg = _own_ids(svg, name)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    variables = LIGHT.css_variables()
    by_colour = {colour: variable for variable, colour in variables.items()}
    pattern = "|".join(map(re.escape, asdict(LIGHT).values()))
    svg = re.sub(pattern, lambda m: f"var({by_colour[m[0]]})", svg)
    label = f' role="img" aria-label="{escape(description)}"'
    return svg.replace("<svg", f"<svg{label}", 1).strip()


def _own_ids(svg: str, name: str) -> str:
    """Drop the IDs that nothing refers to and prefix the others with `name`."""
    used = {target for _, target in _REFERENCE.findall(svg)}
    svg = _ID.sub(lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", svg)
    return _REFERENCE.sub(lambda m: f"{m[1]}{name}-{m[2]}", svg)
