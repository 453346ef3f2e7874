"""The ``crossphase`` command: its subcommands and its exit codes.

Nothing here imports NumPy; each command imports what it needs when it runs, so that
``--help`` is instant.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from crossphase import __version__
from crossphase.cli.atlas import atlas
from crossphase.cli.datasets import app as datasets_app
from crossphase.cli.demo import demo
from crossphase.cli.diagnose import diagnose
from crossphase.cli.diagram import diagram
from crossphase.cli.explore import explore
from crossphase.cli.features import features
from crossphase.cli.plan import plan
from crossphase.cli.reproduce import app as reproduce_app
from crossphase.cli.train import train
from crossphase.cli.validate import validate
from crossphase.cli.wording import examples, in_options, one_line
from crossphase.errors import FetchError, InputError, MissingExtraError

__all__ = ["app", "main"]

BAD_INPUT = 2
NOT_FETCHED = 3
BROKEN_PIPE = 1
INTERRUPTED = 130

# Typer carries its own copy of Click from some version on, so its classes are taken from what
# Typer exports: BadParameter -> UsageError -> ClickException.
_UsageProblem: type[Exception] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="crossphase",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command(
    short_help="Diagnose two modalities from your own files.",
    epilog=examples(
        "crossphase diagnose rna.npy protein.npy --labels cell_types.npy",
        "crossphase diagnose rna.csv protein.csv --id cell --labels cells.csv \\\n"
        "      --label-column type --html report.html",
        "crossphase diagnose views.npz views.npz --x-key a --y-key b \\\n"
        "      --labels y.npy --deploy x",
    ),
)(diagnose)
app.command(
    short_help="Every pair of several modalities; which is worth adding.",
    epilog=examples(
        "crossphase atlas rna.npy protein.npy atac.npy --labels cell_types.npy",
        "crossphase atlas views.npz --labels y.npy --html atlas.html",
        "crossphase atlas --dataset digits-views --n-labelled 200",
    ),
)(atlas)
app.command(
    short_help="How many more pairs and labels would settle the verdict.",
    epilog=examples(
        "crossphase plan diagnosis.json",
        "crossphase plan diagnosis.json --plot plan.png --json plan.json",
        "crossphase plan rna.npy protein.npy --labels cell_types.npy",
    ),
)(plan)
app.command(
    short_help="Diagnose bundled real data; writes a report.",
    epilog=examples("crossphase demo", "crossphase demo --out results"),
)(demo)
app.command(
    short_help="Draw phase diagrams, with datasets in their places.",
    epilog=examples(
        "crossphase diagram phase.png",
        "crossphase diagram phase.svg --diagnosis diagnosis.json",
        "crossphase diagram all.pdf --kind all --gamma-y 0.5 --gamma-tilde-y 20",
        "crossphase diagram sweep.gif --sweep gamma-tilde-y=0.05:5",
    ),
)(diagram)
app.command(
    short_help="An interactive page of the phase diagram.",
    epilog=examples(
        "crossphase explore",
        "crossphase explore --diagnosis diagnosis.json",
        "crossphase explore --out explore.html",
    ),
)(explore)
app.command(
    short_help="Train nonlinear encoders on your own files.",
    epilog=examples(
        "crossphase train rna.npy protein.npy --objective align",
        "crossphase train rna.npy protein.npy --objective predict-xy --out codes.npz \\\n"
        "      --model encoder.pt --folder runs/predict",
        "crossphase train pictures.npy captions.npy --y-kind tokens \\\n"
        "      --alignment infonce --temperature 0.1",
    ),
)(train)
app.command(
    short_help="Train every objective: did the verdict hold?",
    epilog=examples(
        "crossphase validate rna.npy protein.npy --labels cell_types.npy",
        "crossphase validate rna.npy protein.npy --labels cell_types.npy --seeds 5 \\\n"
        "      --folder runs --json validation.json",
        "crossphase validate pictures.npy captions.npy --y-kind tokens \\\n"
        "      --labels shapes.npy --figures figures",
    ),
)(validate)
app.command(
    short_help="Images or texts as features.",
    epilog=examples(
        "crossphase features photos --out photos.npy",
        "crossphase features photos --encoder efficientnet-lite0 --out photos.npz",
        "crossphase features captions.txt --encoder minilm --out captions.npy",
        "crossphase features posts.csv --column text --id post --out posts.npz",
    ),
)(features)
app.add_typer(reproduce_app, name="reproduce", short_help="Published experiments, run again.")
app.add_typer(datasets_app, name="datasets", short_help="Real paired data by name: list, fetch.")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crossphase {__version__}")
        raise typer.Exit


@app.callback(
    epilog=examples(
        "crossphase demo",
        "crossphase diagnose rna.csv protein.csv --id cell --labels cells.csv",
        "crossphase diagnose --help",
    )
)
def crossphase(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Before you train on paired multimodal data: align, predict, or stay with one modality?

    Exit codes: 0 a verdict ("Undetermined" is one), 1 the reader of the output went away, 2 bad
    input, 3 data could not be fetched, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, default None
        None takes them from ``sys.argv``.

    Returns
    -------
    int
        0 with a verdict, 2 for bad input and 3 for data that could not be fetched (one line on
        stderr), 130 when interrupted, 1 when the reader of the output went away. Anything else
        raises: it is a bug.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a narrow encoding costs a symbol, not the run
    try:
        code = app(
            args=None if arguments is None else list(arguments),
            prog_name="crossphase",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except (InputError, MissingExtraError) as error:
        return _refuse(in_options(str(error)))
    except FetchError as error:
        return _refuse(str(error), NOT_FETCHED)
    except _UsageProblem as error:
        message: str = error.format_message()  # type: ignore[attr-defined]
        context = getattr(error, "ctx", None)
        command = "crossphase" if context is None else context.command_path
        return _refuse(f"{message.rstrip('.')}: see {command} --help")
    if code == INTERRUPTED:
        typer.echo("crossphase: interrupted", err=True)
    return code if isinstance(code, int) else 0


def _refuse(message: str, code: int = BAD_INPUT) -> int:
    typer.echo(f"crossphase: error: {one_line(message)}", err=True)
    return code
