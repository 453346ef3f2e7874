"""``crossphase reproduce captions|astro|cells|sensors``: the protocol on real modalities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossphase.cli.output import progress_bar
from crossphase.cli.suites import DataDir, Out, Quiet, Scale, Seed, Workers

if TYPE_CHECKING:
    from crossphase.experiments.real.cases import Source
    from crossphase.experiments.runner import SuiteResult

__all__ = ["captions", "experiment"]

Splits = Annotated[
    int | None,
    typer.Option("--splits", metavar="N", help="Splits to run; default: those of the scale."),
]
Own = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="FILE.npz", help="What datasets read made of the paper's own data."
    ),
]

Only = Annotated[
    str | None,
    typer.Option("--only", metavar="NAMES", help="Cases to run: how their names begin, by commas."),
]


def captions(
    scale: Scale = "smoke",
    out: Out = None,
    data_dir: DataDir = None,
    data: Own = None,
    image_encoder: Annotated[
        str,
        typer.Option(
            "--image-encoder", metavar="[pixels|patches|efficientnet-lite0]", help="Of the images."
        ),
    ] = "pixels",
    text_encoder: Annotated[
        str,
        typer.Option(
            "--text-encoder",
            metavar="[as given|tfidf|minilm]",
            help="Of the names; as given: components of letters.",
        ),
    ] = "as given",
    only: Only = None,
    splits: Splits = None,
    seed: Seed = 0,
    workers: Workers = 2,
    quiet: Quiet = False,
) -> None:
    """Images and their names under photometric styles of the images.

    Characters and emoji, or with --data COCO 2017: diagnosed from 200 labels, every objective
    trained on several splits, the advice beside the outcome. Needs the extra "torch"; emoji have
    to be fetched first. A run that was stopped goes on where it stopped.
    """
    from crossphase.cli.features import kept_in

    keep = kept_in(None) if image_encoder == "efficientnet-lite0" else None
    _run(
        "captions",
        scale,
        out,
        data_dir,
        data,
        only,
        splits,
        seed,
        workers,
        quiet,
        image_encoder=image_encoder,
        text_encoder=text_encoder,
        keep=None if keep is None else str(keep),
    )


_ABOUT = {
    "astro": """Spectra and photometry of brown dwarfs, the photometry degraded by noise.

    How the verdict turns from one regime to Neither as one modality drowns, as between Kepler
    and TESS in the paper; or with --data LAMOST spectra and light curves of your own.""",
    "cells": """Omics of tumours; or with --data CITE-seq, donors held out.

    There is no CITE-seq to be fetched: RNA, methylation and microRNA of tumours take its place. A
    row is a patient, so held-out rows are held-out patients.""",
    "sensors": """Audio and accelerometer of tasks at home, and digits seen six ways.""",
}
_ENDING = """

    Diagnosed from 200 labels, every objective trained on several splits, the advice beside the
    outcome. Needs the extra "torch"; sets have to be fetched first, but for --scale smoke. A run
    that was stopped goes on where it stopped.
    """


def experiment(name: str) -> Callable[..., None]:
    """The command of one experiment."""

    def run(
        scale: Scale = "smoke",
        out: Out = None,
        data_dir: DataDir = None,
        data: Own = None,
        only: Only = None,
        splits: Splits = None,
        seed: Seed = 0,
        workers: Workers = 2,
        quiet: Quiet = False,
    ) -> None:
        _run(name, scale, out, data_dir, data, only, splits, seed, workers, quiet)

    run.__doc__ = _ABOUT[name] + _ENDING
    return run


def _run(
    name: str,
    scale: str,
    out: Path | None,
    data_dir: Path | None,
    data: Path | None,
    only: str | None,
    splits: int | None,
    seed: int,
    workers: int,
    quiet: bool,
    **features: str | None,
) -> None:
    target = out or Path(name)
    with progress_bar(quiet) as progress:
        from crossphase.experiments.real.cases import Source
        from crossphase.experiments.real.suite import run_real

        source = Source(
            folder=None if data_dir is None else str(data_dir),
            file=None if data is None else str(data),
            only=tuple(filter(None, (text.strip() for text in (only or "").split(",")))),
            **features,  # type: ignore[arg-type] # the names are those of its fields
        )
        result = run_real(
            name,
            target,
            scale=scale,
            source=source,
            splits=splits,
            seed=seed,
            workers=workers,
            progress=progress,
        )
    from crossphase.experiments.real.figures import write_figures

    write_figures(result, target, source=source)
    _publish(result, source, target)


def _publish(result: SuiteResult, source: Source, out: Path) -> None:
    """Print verdicts beside outcomes, and write them and the claims beside the tables."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from crossphase.experiments.comparison import as_markdown, print_comparison
    from crossphase.experiments.real.suite import score_lines, summary, verdict_lines
    from crossphase.io.writing import write_text

    heading, *lines = verdict_lines(result, source)
    told = summary(result)
    write_text(out / "verdicts.md", f"{_markdown(heading, lines)}\n{told}\n")
    titles, *scores = score_lines(result, source)
    write_text(out / "scores.md", _markdown(titles, scores))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 140
    grid = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for title in heading:
        grid.add_column(title)
    for line in lines:
        grid.add_row(*line)
    console.print(grid)
    console.print(told)
    if result.checks:
        write_text(out / "comparison.md", as_markdown(result))
        print_comparison(result, console)
    console.print(
        f"Wrote verdicts.md, scores.md, tables and figures to {out}", markup=False, soft_wrap=True
    )


def _markdown(heading: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    rule = ("---",) * len(heading)
    return "".join(f"| {' | '.join(line)} |\n" for line in (heading, rule, *lines))
