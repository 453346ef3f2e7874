"""``crossphase reproduce scoreboard``: recommendations beside what training showed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crossphase.cli.output import progress_bar
from crossphase.cli.suites import DataDir, Quiet, Scale, Seed, Workers

__all__ = ["scoreboard"]


def scoreboard(
    scale: Scale = "smoke",
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for tables and the figure.")
    ] = Path("scoreboard"),
    data_dir: DataDir = None,
    seed: Seed = 0,
    workers: Workers = 2,
    quiet: Quiet = False,
) -> None:
    """Recommendations from at most 200 labels beside what training showed, over all real pairs.

    Takes every dataset that is here (crossphase datasets list). Trains every objective on every
    pair, probes all codes on rows that nothing has seen, and compares the recommendation with
    other rules. A run that was stopped goes on where it stopped. Needs the extra "torch". With
    --scale small, one split of all sets, some ten minutes on one core; paper has three.
    """
    with progress_bar(quiet) as progress:
        from crossphase.experiments.scoreboard.suite import run_scoreboard

        result = run_scoreboard(
            out,
            scale=scale,
            seed=seed,
            workers=workers,
            data_dir=None if data_dir is None else str(data_dir),
            progress=progress,
        )
    from crossphase.experiments.scoreboard.page import as_markdown, misses_markdown, write_figure
    from crossphase.io.writing import write_text

    text = as_markdown(result)
    write_text(out / "scoreboard.md", text)
    write_text(out / "misses.md", misses_markdown(result.tables))
    write_figure(result, out)
    typer.echo(f"{text}\nWrote scoreboard.md, misses.md, gains.png and a table a pair to {out}")
