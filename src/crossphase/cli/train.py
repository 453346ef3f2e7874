"""``crossphase train``: nonlinear encoders of the user's own files."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossphase.cli.inputs import PairFiles, Quiet, Seed, with_pair_files
from crossphase.cli.output import check_ending, check_targets, progress_bar, say, write_output
from crossphase.cli.views import XKind, YKind, read_views
from crossphase.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from crossphase.nonlinear.config import TrainingConfig

__all__ = [
    "Accelerator",
    "Alignment",
    "BatchSize",
    "CodeDim",
    "Devices",
    "Epochs",
    "Folder",
    "Precision",
    "Temperature",
    "Width",
    "make_config",
    "train",
]

_OBJECTIVES = {
    "align": "align",
    "predict-xy": "predict x->y",
    "predict-yx": "predict y->x",
    "joint": "joint",
    "autoencode-x": "autoencode x",
    "autoencode-y": "autoencode y",
    "self-align-x": "self-align x",
    "self-align-y": "self-align y",
}
_ALIGNMENTS = "[vicreg|infonce|siglip|barlow-twins|deep-cca]"

Alignment = Annotated[
    str,
    typer.Option("--alignment", metavar=_ALIGNMENTS, help="Loss of align, joint and self-align."),
]
CodeDim = Annotated[int, typer.Option("--code-dim", metavar="K", help="Width of the codes.")]
Width = Annotated[int, typer.Option("--width", metavar="N", help="Width of hidden layers.")]
Epochs = Annotated[int, typer.Option("--epochs", metavar="N", help="Most epochs of a run.")]
BatchSize = Annotated[int, typer.Option("--batch-size", metavar="N", help="Rows of a batch.")]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        metavar="T",
        help="Of infonce and siglip; learnt, from 0.1 on, unless given.",
        show_default=False,
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        "--precision", metavar="[32-true|64-true|bf16-mixed|16-mixed]", help="Of the numbers."
    ),
]
Accelerator = Annotated[
    str, typer.Option("--accelerator", metavar="[auto|cpu|gpu|mps|tpu]", help="What computes.")
]
Devices = Annotated[
    int, typer.Option("--devices", metavar="N", help="GPUs or processes that train together.")
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder", metavar="DIR", help="Keep checkpoints and logs; a stopped run goes on there."
    ),
]


@with_pair_files()
def train(
    files: PairFiles,
    objective: Annotated[
        str,
        typer.Option(
            "--objective",
            metavar=f"[{'|'.join(_OBJECTIVES)}]",
            help="What to train for.",
        ),
    ] = "align",
    alignment: Alignment = "vicreg",
    weight: Annotated[
        float, typer.Option("--weight", metavar="λ", help="Of the alignment in joint.")
    ] = 1.0,
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
    out: Annotated[
        str, typer.Option("--out", metavar="FILE.npz", help="Codes of every row.")
    ] = "codes.npz",
    model: Annotated[
        str | None, typer.Option("--model", metavar="FILE.pt", help="Weights and scaling.")
    ] = None,
    folder: Folder = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Train encoders of two modalities and write the codes of every row.

    Training needs no labels. Codes go to a .npz with arrays x and y (of the views that have an
    encoder) and the settings as JSON. Images are arrays (n, height, width) or (n, channels,
    height, width), brought to 64 x 64; tokens are whole numbers (n, length), 0 for padding, with
    --x-kind tokens or --y-kind tokens. Needs the extra "torch".
    """
    check_targets((out, model), files.inputs)
    check_ending("--out", out, ".npz")
    if objective not in _OBJECTIVES:
        raise InputError(f"--objective {objective}: choose one of {', '.join(_OBJECTIVES)}")
    config = make_config(
        objective=_OBJECTIVES[objective],
        alignment=alignment,
        weight=weight,
        temperature=temperature,
        code_dim=code_dim,
        width=width,
        epochs=epochs,
        batch_size=batch_size,
        precision=precision,
        accelerator=accelerator,
        devices=devices,
        seed=seed,
    )
    import numpy as np

    from crossphase.io.writing import write_file
    from crossphase.nonlinear.saved import save_codes
    from crossphase.nonlinear.train import train as run

    with progress_bar(quiet) as progress:
        found = read_views(files, (x_kind, y_kind), progress)
        say(found.notes, quiet)
        x, y = found.rows
        x_kind, y_kind = found.kinds
        made = run(x, y, config, folder=folder, progress=progress, x_kind=x_kind, y_kind=y_kind)
        codes = {view: made.encode(view, {"x": x, "y": y}[view]) for view in made.views}

    def save(draft: Path) -> None:
        arrays: dict[str, Any] = {"settings": json.dumps(asdict(config)), **codes}
        np.savez_compressed(draft, **arrays)

    write_output(lambda path: write_file(path, save), out)
    write_output(lambda path: write_file(path, partial(save_codes, made)), model)
    if not quiet:
        learnt = "".join(
            f", {name} learnt to {value:.3g}" for name, value in made.trained.network.learnt.items()
        )
        shapes = ", ".join(
            f"{view} ({' × '.join(map(str, code.shape))})" for view, code in codes.items()
        )
        typer.echo(
            f"Trained {objective} for {made.trained.epochs} epochs, kept epoch "
            f"{made.trained.best_epoch} (validation loss {made.trained.best_loss:.4g}{learnt}). "
            f"Wrote {shapes} to {out}" + (f" and weights to {model}" if model else "")
        )


def make_config(**chosen: Any) -> TrainingConfig:
    """Training settings from options.

    Raises
    ------
    MissingExtraError
        Without PyTorch or Lightning.
    InputError
        For values out of range.
    """
    from importlib.util import find_spec

    for package in ("torch", "lightning"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "torch", "training")
    from crossphase.nonlinear.config import TrainingConfig

    return TrainingConfig(**chosen)
