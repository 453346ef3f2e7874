"""Where results go: files that are checked before the long work, tables, progress."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from crossphase.errors import InputError

if TYPE_CHECKING:
    from crossphase.results import Diagnosis

__all__ = [
    "PICTURES",
    "STDOUT",
    "Progress",
    "check_ending",
    "check_targets",
    "planned",
    "progress_bar",
    "publish",
    "say",
    "write_output",
]

STDOUT = "-"

Progress = Callable[[str, float], None]

# With more shared components than this a plan takes seconds.
_QUICK_COMPONENTS = 8


PICTURES = (".png", ".svg", ".pdf")
"""Endings of pictures, in letters of any case."""


def check_ending(option: str, target: str | None, *endings: str) -> None:
    """Refuse an output whose name says that it is something else, before any work is done.

    Parameters
    ----------
    option : str
        Such as ``--out``.
    target : str or None
        None, no output, is accepted.
    *endings : str
        Those accepted, such as ``.npz``. Case counts, but for pictures: to a name in other
        letters NumPy adds an ending of its own.

    Raises
    ------
    InputError
        For another ending.

    Examples
    --------
    >>> check_ending("--plot", "ATLAS.PNG", *PICTURES)
    >>> check_ending("--plot", "atlas.jpg", *PICTURES)
    Traceback (most recent call last):
    crossphase.errors.InputError: --plot atlas.jpg: give a name that ends in .png, .svg or .pdf
    """
    if target is None:
        return
    suffix = Path(target).suffix
    if (suffix.lower() if suffix.lower() in PICTURES else suffix) not in endings:
        listed = " or ".join(filter(None, (", ".join(endings[:-1]), endings[-1])))
        raise InputError(f"{option} {target}: give a name that ends in {listed}")


def check_targets(targets: Iterable[str | None], inputs: Iterable[Path] = ()) -> None:
    """Refuse output paths that cannot or must not be written, before any work is done.

    Parameters
    ----------
    targets : iterable of str or None
        Output paths; None and ``-`` (stdout) are skipped.
    inputs : iterable of Path
        Files that must not be overwritten.

    Raises
    ------
    InputError
        If a folder is missing or not writable, the path is a folder or an input, or two
        outputs are the same file.
    """
    # realpath, unlike Path.resolve, takes a circular link as it is: reading refuses it later.
    taken = {os.path.realpath(path): f"it is the input {path}" for path in inputs}
    for target in targets:
        if target is None or target == STDOUT:
            continue
        path = Path(target)
        real = os.path.realpath(path)
        folder = Path(real).parent
        if path.is_dir():
            raise InputError(f"cannot write {target}: it is a folder; give a file name")
        if not folder.is_dir():
            raise InputError(f"cannot write {target}: there is no folder {folder}; make it first")
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise InputError(f"cannot write {target}: no permission; choose another place")
        if real in taken:
            raise InputError(f"cannot write {target}: {taken[real]}; choose another name")
        taken[real] = "another output goes there"


def publish(
    d: Diagnosis,
    *,
    json_target: str | None,
    html_target: str | None,
    quiet: bool,
    verbose: bool = False,
) -> None:
    """Print the verdict and write the files asked for.

    With JSON on stdout the tables go to stderr.

    Parameters
    ----------
    d : Diagnosis
    json_target, html_target : str or None
        Paths; ``-`` sends the JSON to stdout.
    quiet : bool
        Print the verdict sentence alone.
    verbose : bool, default False
        Print every table in full.

    Raises
    ------
    InputError
        If a file cannot be written after all.
    """
    from rich.console import Console

    from crossphase.report.terminal import print_report

    on_stdout = json_target == STDOUT
    if on_stdout:
        sys.stdout.write(d.to_json())
    else:
        write_output(d.to_json, json_target)
    write_output(d.to_html, html_target)
    console = Console(stderr=on_stdout, highlight=False)
    print_report(d, console, brief=quiet, verbose=verbose)
    written = [t for t in (json_target, html_target) if t not in (None, STDOUT)]
    if written and not quiet:
        console.print(f"Wrote {' and '.join(map(str, written))}", markup=False, soft_wrap=True)
    if d.regime == "Undetermined" and d.fit is not None and d.plan is None and not quiet:
        source = "X Y --labels L" if json_target in (None, STDOUT) else json_target
        console.print(
            f"crossphase plan {source} says how many more pairs and labels would settle the regime",
            markup=False,
            soft_wrap=True,
        )


def planned(d: Diagnosis, wanted: bool | None, progress: Progress | None) -> Diagnosis:
    """The diagnosis with a plan, if it is undetermined and one is wanted.

    Parameters
    ----------
    d : Diagnosis
    wanted : bool or None
        None plans where that takes about a second.
    progress : callable or None

    Returns
    -------
    Diagnosis
    """
    if d.fit is None or d.regime != "Undetermined" or wanted is False:
        return d
    if wanted is None and d.fit.n_components > _QUICK_COMPONENTS:
        return d
    from crossphase.planning import plan

    return d.with_plan(plan(d, seed=d.settings.seed, progress=progress))


def write_output(writer: Callable[[str], object], target: str | None) -> None:
    """Write a file if one is asked for.

    Parameters
    ----------
    writer : callable
        Given the path.
    target : str or None

    Raises
    ------
    InputError
        If it cannot be written.
    """
    if target is None:
        return
    try:
        writer(target)
    except OSError as error:
        raise InputError(
            f"cannot write {target}: {error.strerror or error}; choose another place"
        ) from error


def say(notes: Iterable[str], quiet: bool) -> None:
    """Tell on stderr how the input was taken.

    Parameters
    ----------
    notes : iterable of str
    quiet : bool
        Say nothing.
    """
    for note in () if quiet else notes:
        typer.echo(note, err=True)


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
    """A progress callback that draws on stderr, or None where nobody would see it.

    Parameters
    ----------
    quiet : bool
        Draw nothing.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda stage, fraction: bar.update(task, description=stage, completed=fraction)
