"""``crossphase reproduce``: published experiments, run again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossphase.cli.output import progress_bar
from crossphase.cli.real import captions, experiment
from crossphase.cli.scoreboard import scoreboard
from crossphase.cli.suites import Out, Quiet, Scale, Seed, Workers
from crossphase.cli.wording import examples
from crossphase.errors import MissingExtraError

if TYPE_CHECKING:
    from crossphase.experiments.runner import SuiteResult

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)


@app.callback(epilog=examples("crossphase reproduce linear"))
def reproduce() -> None:
    """Run published experiments again and compare."""


@app.command(
    "linear",
    epilog=examples(
        "crossphase reproduce linear",
        "crossphase reproduce linear --scale paper --out results",
        "crossphase reproduce linear --scale paper --skip InfoNCE",
        "crossphase reproduce linear --only E4",
    ),
)
def linear(
    scale: Annotated[str, typer.Option("--scale", metavar="smoke|paper", help="Size.")] = "smoke",
    only: Annotated[
        str | None, typer.Option("--only", metavar="E3,E8", help="Some experiments only.")
    ] = None,
    skip: Annotated[
        str | None, typer.Option("--skip", metavar="InfoNCE", help="Leave some experiments out.")
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for tables and figures.")
    ] = Path("linear-suite"),
    seed: Seed = 0,
    workers: Workers = 2,
    quiet: Quiet = False,
) -> None:
    """Experiments E1 to E8 of arXiv 2606.11190 on linear objectives.

    Prints published numbers beside ours and writes comparison.md, a CSV and a PNG an experiment,
    and with --scale paper an animation. InfoNCE against CA trains encoders with PyTorch
    (pip install 'crossphase[torch]'). A run that was stopped goes on where it stopped.
    """
    with progress_bar(quiet) as progress:
        from crossphase.experiments.linear import run_suite

        result = run_suite(
            out, scale=scale, only=only, skip=skip, seed=seed, workers=workers, progress=progress
        )
    from crossphase.experiments.linear.figures import write_figures

    write_figures(result, out)
    _publish(result, out)


def _stereo(name: str) -> Callable[..., None]:
    """The command of one stereo set."""

    def run(
        scale: Scale = "smoke",
        out: Out = None,
        data_dir: Annotated[
            Path | None,
            typer.Option("--data-dir", metavar="DIR", help="Folder of the published file."),
        ] = None,
        seed: Seed = 0,
        workers: Workers = 2,
        quiet: Quiet = False,
    ) -> None:
        target = out or Path(name)
        with progress_bar(quiet) as progress:
            from crossphase.experiments.stereo.suite import run_stereo

            result = run_stereo(
                name,
                target,
                scale=scale,
                seed=seed,
                workers=workers,
                data_dir=None if data_dir is None else str(data_dir),
                progress=progress,
            )
        from crossphase.experiments.stereo.figures import write_figures, write_umap

        write_figures(result, target, data_dir=None if data_dir is None else str(data_dir))
        missing = None
        try:
            write_umap(result, target)
        except MissingExtraError as error:
            missing = error
        _publish(result, target)
        if missing is not None:
            typer.echo(f"Everything else is drawn; {missing}")

    run.__doc__ = _STEREO
    return run


_STEREO = """Train, probe and diagnose the stereo pairs of arXiv 2606.11190.

    Every objective at every nuisance correlation, beside what was published and what the
    diagnosis of a few labels foretells. Images are drawn unless --data-dir has the published
    file. A run that was stopped goes on where it stopped. Needs the extra "torch"; the UMAP
    figure needs "umap" too and is left out without it. Scale small takes about an hour of
    one core.
    """

for _name in ("dsprites", "shapes3d"):
    app.command(
        _name,
        epilog=examples(
            f"crossphase reproduce {_name}",
            f"crossphase reproduce {_name} --scale small --out results",
        ),
    )(_stereo(_name))


app.command(
    "scoreboard",
    epilog=examples(
        "crossphase reproduce scoreboard",
        "crossphase reproduce scoreboard --scale small --out results",
    ),
)(scoreboard)


app.command(
    "captions",
    epilog=examples(
        "crossphase reproduce captions",
        "crossphase reproduce captions --scale small --only emoji \\\n"
        "      --image-encoder efficientnet-lite0 --text-encoder minilm",
        "crossphase reproduce captions --scale small --data coco.npz --out coco",
    ),
)(captions)
for _name, _only, _own in (
    ("astro", "subdwarf", "stars.npz"),
    ("cells", "kidney,glioma", "cells.npz"),
    ("sensors", "htad", ""),
):
    app.command(
        _name,
        epilog=examples(
            f"crossphase reproduce {_name}",
            f"crossphase reproduce {_name} --scale small --out results",
            f"crossphase reproduce {_name} --scale small --only {_only}",
            *([f"crossphase reproduce {_name} --scale small --data {_own}"] if _own else []),
        ),
    )(experiment(_name))


def _publish(result: SuiteResult, out: Path) -> None:
    """Print the comparison and write it beside the tables."""
    from rich.console import Console

    from crossphase.experiments.comparison import as_markdown, print_comparison
    from crossphase.io.writing import write_text

    write_text(out / "comparison.md", as_markdown(result))
    console = Console(highlight=False)
    print_comparison(result, console)
    console.print(f"Wrote comparison.md, tables and figures to {out}", markup=False, soft_wrap=True)
