"""``crossphase validate``: did the verdict hold once everything was trained?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from crossphase.cli.inputs import PairFiles, Quiet, Seed, with_pair_files
from crossphase.cli.output import STDOUT, check_targets, progress_bar, say, write_output
from crossphase.cli.train import (
    Accelerator,
    Alignment,
    BatchSize,
    CodeDim,
    Devices,
    Epochs,
    Folder,
    Precision,
    Temperature,
    Width,
    make_config,
)
from crossphase.cli.views import XKind, YKind, read_views
from crossphase.config import Settings

__all__ = ["validate"]


@with_pair_files()
def validate(
    files: PairFiles,
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", help="Trainings of every objective.")
    ] = 3,
    alignment: Alignment = "vicreg",
    temperature: Temperature = None,
    code_dim: CodeDim = 64,
    width: Width = 256,
    epochs: Epochs = 60,
    batch_size: BatchSize = 128,
    precision: Precision = "32-true",
    accelerator: Accelerator = "auto",
    devices: Devices = 1,
    x_kind: XKind = "auto",
    y_kind: YKind = "auto",
    supervised: Annotated[
        bool,
        typer.Option(
            "--supervised/--no-supervised", help="Train supervised networks too, as ceilings."
        ),
    ] = True,
    self_align: Annotated[
        bool,
        typer.Option(
            "--self-align/--no-self-align",
            help="Align noisy copies of each modality alone too, beside the autoencoders.",
        ),
    ] = False,
    folder: Folder = None,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="DIR", help="Draw gains, and codes by UMAP, here."),
    ] = None,
    json_target: Annotated[
        str | None,
        typer.Option("--json", metavar="PATH", help="Write the outcome as JSON; - is stdout."),
    ] = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Diagnose, train every objective, probe, and show the verdict beside what happened.

    Two fifths of the labelled rows are set aside: neither the diagnosis nor any encoder nor any
    probe sees them, all scores are theirs. Images and tokens as in crossphase train. Needs the
    extra "torch"; the UMAP figure needs "umap".

    Exit codes: 0 a comparison, whether or not the verdict held (--json says), 2 bad input.
    """
    check_targets((json_target,), files.inputs)
    config = make_config(
        alignment=alignment,
        temperature=temperature,
        code_dim=code_dim,
        width=width,
        epochs=epochs,
        batch_size=batch_size,
        precision=precision,
        accelerator=accelerator,
        devices=devices,
    )
    from rich.console import Console

    from crossphase.io.writing import write_text
    from crossphase.nonlinear.validation import OBJECTIVES, SELF_ALIGNED
    from crossphase.nonlinear.validation import validate as run
    from crossphase.report.validation_figures import KeptCodes, draw, make_folder
    from crossphase.report.validation_table import print_validation

    if figures is not None:
        make_folder(figures)
    with progress_bar(quiet) as progress:
        found = read_views(files, (x_kind, y_kind), progress)
        say(found.notes, quiet)
        codes = KeptCodes()
        _, outcome = run(
            found.data,
            config=config,
            settings=Settings(seed=seed),
            n_seeds=seeds,
            views=found.rows,
            kinds=found.kinds,
            objectives=OBJECTIVES + (SELF_ALIGNED if self_align else ()),
            supervised=supervised,
            on_codes=codes,
            folder=folder,
            progress=progress,
        )
        drawn = [] if figures is None else draw(outcome, codes, figures, progress)
    text = json.dumps(outcome.to_dict(), indent=1, allow_nan=False) + "\n"
    if json_target == STDOUT:
        sys.stdout.write(text)
    else:
        write_output(lambda path: write_text(path, text), json_target)
    console = Console(stderr=json_target == STDOUT, highlight=False)
    print_validation(outcome, console, brief=quiet)
    say(drawn, quiet)
