"""``crossphase plan``: how many more pairs and labels would settle the verdict."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossphase.cli.inputs import PairFiles, Quiet, Seed, with_pair_files
from crossphase.cli.output import (
    PICTURES,
    STDOUT,
    check_ending,
    check_targets,
    progress_bar,
    write_output,
)
from crossphase.config import Settings
from crossphase.errors import InputError

if TYPE_CHECKING:
    from crossphase.results import Diagnosis, Plan

__all__ = ["plan"]


@with_pair_files(or_diagnosis=True)
def plan(
    files: PairFiles,
    confidence: Annotated[
        float | None,
        typer.Option(
            "--confidence", metavar="P", help="Name a regime at this probability; default 0.8."
        ),
    ] = None,
    assurance: Annotated[
        float,
        typer.Option("--assurance", metavar="P", help="Probability to plan for: named and right."),
    ] = 0.8,
    max_factor: Annotated[
        float, typer.Option("--max-factor", metavar="F", help="Largest growth considered.")
    ] = 64,
    margin: Annotated[
        float,
        typer.Option("--margin", metavar="S", help="Promise nothing for a Δ this close to 1."),
    ] = 0.1,
    seed: Seed = 0,
    json_target: Annotated[
        str | None,
        typer.Option("--json", metavar="PATH", help="Write the plan as JSON; - is stdout."),
    ] = None,
    plot_target: Annotated[
        str | None, typer.Option("--plot", metavar="PATH", help="Draw it as .png, .svg or .pdf.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    r"""Say how many more pairs and labels would settle an undetermined verdict.

    Takes what "crossphase diagnose --json" wrote, or the data themselves.
    """
    check_ending("--plot", plot_target, *PICTURES)
    check_targets((json_target, plot_target), files.inputs)
    with progress_bar(quiet) as progress:
        if files.y is None:
            d = _saved(files.x, files.options)
        else:
            data = files.read(progress)
            from crossphase.diagnosis import diagnose

            d = diagnose(data, settings=Settings(seed=seed, outlook=False), progress=progress)
        from crossphase.planning import plan as run

        found = run(
            d,
            target_confidence=confidence,
            assurance=assurance,
            max_factor=max_factor,
            margin=margin,
            seed=seed,
            progress=progress,
        )
    _publish(found, json_target, plot_target, quiet)


def _saved(path: Path, unused: list[str]) -> Diagnosis:
    """The diagnosis in a file."""
    if path.suffix.lower() != ".json":
        raise InputError(f"only {path} was given: give X and Y, or a .json of crossphase diagnose")
    if unused:
        raise InputError(f"{unused[0]} says how to read data, and {path} is a diagnosis: drop it")
    from crossphase.results import Diagnosis

    return Diagnosis.from_json(path)


def _publish(found: Plan, json_target: str | None, plot_target: str | None, quiet: bool) -> None:
    """Print the plan and write the files asked for."""
    from rich.console import Console

    from crossphase.io.writing import write_text
    from crossphase.plots.plan import save_plan
    from crossphase.report.plan_table import print_plan

    text = json.dumps(found.to_dict(), indent=1, allow_nan=False) + "\n"
    if json_target == STDOUT:
        sys.stdout.write(text)
    else:
        write_output(lambda path: write_text(path, text), json_target)
    if found.rows:
        write_output(lambda path: save_plan(found, path), plot_target)
    console = Console(stderr=json_target == STDOUT, highlight=False)
    print_plan(found, console, brief=quiet)
    if plot_target is not None and not found.rows:
        console.print(f"Nothing to draw: {plot_target} was not written.", soft_wrap=True)
