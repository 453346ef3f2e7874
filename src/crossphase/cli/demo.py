"""``crossphase demo``: a whole diagnosis of bundled real data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crossphase.cli.output import check_targets, progress_bar, publish

__all__ = ["demo"]


def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for report.html, diagnosis.json.")
    ] = Path(),
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Seed of everything random.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the verdict alone.")] = False,
) -> None:
    r"""Diagnose two views of handwritten digits, 200 of the 2,000 rows labelled.

    The two views are Fourier coefficients and Karhunen-Loeve coefficients of the same images
    (UCI Multiple Features, CC BY 4.0). Writes report.html and diagnosis.json.

    \b
    Examples:
      crossphase demo
      crossphase demo --out results
    """
    json_target, html_target = str(out / "diagnosis.json"), str(out / "report.html")
    check_targets((json_target, html_target))
    with progress_bar(quiet) as progress:
        import crossphase as xp

        data = xp.datasets.load("digits-views").pair(
            "fourier", "karhunen", n_labelled=200, seed=seed
        )
        result = xp.diagnose(data, seed=seed, progress=progress)
    publish(result, json_target=json_target, html_target=html_target, quiet=quiet)
