"""The two files of a pair, its labels, and how their rows and columns are meant: once for all."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from crossphase.errors import InputError

if TYPE_CHECKING:
    from crossphase.cli.output import Progress
    from crossphase.data import PairedData
    from crossphase.sources import Table

__all__ = [
    "AlignBy",
    "GroupsColumn",
    "IdColumn",
    "LabelColumns",
    "LabelKinds",
    "LabelsFile",
    "LabelsKey",
    "PairFiles",
    "Quiet",
    "Seed",
    "Verbose",
    "read_kinds",
    "with_pair_files",
]

Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of everything random.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", help="Draw no progress; print the verdict alone, if any.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="Print every code, component and stability rerun.")
]
LabelsFile = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE", help="Labels; empty or NaN where unlabelled."),
]
LabelsKey = Annotated[
    str | None,
    typer.Option("--labels-key", metavar="NAME", help="Array of labels, if they are a .npz."),
]
IdColumn = Annotated[
    str | None,
    typer.Option("--id", metavar="COLUMN", help="Row IDs: match rows by them, not by order."),
]
AlignBy = Annotated[
    str,
    typer.Option(
        "--align",
        metavar="[auto|id|position]",
        help="Match rows by the IDs in their files, or by position; auto refuses to guess.",
    ),
]
LabelColumns = Annotated[
    list[str] | None,
    typer.Option("--label-column", metavar="COLUMN", help="A label column; repeatable."),
]
LabelKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--label-kind",
        metavar="[COLUMN=]KIND",
        help="auto, continuous or classes, of all labels or of one column; repeatable.",
    ),
]
GroupsColumn = Annotated[
    str | None,
    typer.Option("--groups", metavar="COLUMN", help="Blocks of dependent rows, such as donors."),
]

_SAVED = Annotated[
    Path,
    typer.Argument(
        metavar="X|DIAGNOSIS.json", help="First modality, or what diagnose --json wrote."
    ),
]


@dataclass(frozen=True, slots=True)
class PairFiles:
    """Files and options as given on the command line; `y` is None where X is a diagnosis."""

    x: Annotated[Path, typer.Argument(metavar="X", help="First modality, one row a sample.")]
    y: Annotated[
        Path | None, typer.Argument(metavar="Y", help="Second modality.", show_default=False)
    ]
    labels: LabelsFile = None
    x_key: Annotated[
        str | None,
        typer.Option("--x-key", metavar="NAME", help="Which array or modality of its file is X."),
    ] = None
    y_key: Annotated[
        str | None,
        typer.Option("--y-key", metavar="NAME", help="Which array or modality of its file is Y."),
    ] = None
    labels_key: LabelsKey = None
    x_name: Annotated[
        str | None,
        typer.Option("--x-name", metavar="NAME", help="What to call X; default: its file name."),
    ] = None
    y_name: Annotated[
        str | None,
        typer.Option("--y-name", metavar="NAME", help="What to call Y; default: its file name."),
    ] = None
    id_column: IdColumn = None
    align: AlignBy = "auto"
    label_columns: LabelColumns = None
    label_kind: LabelKinds = None
    groups: GroupsColumn = None

    @property
    def inputs(self) -> list[Path]:
        """The files that are read, and must not be overwritten."""
        return [path for path in (self.x, self.y, self.labels) if path is not None]

    @property
    def options(self) -> list[str]:
        """Options that were given, as they are spelt."""
        given = [f for f in fields(self) if f.name not in ("x", "y") and getattr(self, f.name)]
        return [_spelling(f.name) for f in given if getattr(self, f.name) != f.default]

    def read(
        self,
        progress: Progress | None,
        covariates: Sequence[str] = (),
        tables: tuple[Table | None, Table | None] = (None, None),
    ) -> PairedData:
        """Read and match the files.

        Parameters
        ----------
        progress : callable or None
        covariates : sequence of str
            Columns of known nuisances.
        tables : tuple of Table or None
            Of x and y, where they were read already.

        Raises
        ------
        InputError
            If files or options cannot be used.
        """
        if self.y is None:
            raise InputError(f"only {self.x} was given: give X and Y")
        if progress is not None:
            progress("reading", 0.0)
        from crossphase.io import load_paired

        return load_paired(
            self.x,
            self.y,
            self.labels,
            x_key=self.x_key,
            y_key=self.y_key,
            labels_key=self.labels_key,
            id_column=self.id_column,
            align=self.align,  # type: ignore[arg-type]  # load_paired refuses other words
            label_columns=self.label_columns or (),
            label_kind=read_kinds(self.label_kind or ()),
            groups_column=self.groups,
            covariate_columns=covariates,
            tables=tables,
            names=(self.x_name, self.y_name),
        )


def with_pair_files(*, or_diagnosis: bool = False) -> Callable[[Callable[..., None]], Any]:
    """Give a command the arguments X and Y and the options of :class:`PairFiles`.

    Parameters
    ----------
    or_diagnosis : bool, default False
        Whether X alone may be given: a saved diagnosis.

    Returns
    -------
    callable
        Decorator of a command whose first parameter takes the PairFiles; the others are
        options of its own. The result has the joined signature, as Typer reads it.
    """

    def decorate(command: Callable[..., None]) -> Any:
        shared = _parameters(PairFiles, {f.name: f.default for f in fields(PairFiles)})
        if or_diagnosis:
            saved, y, *others = shared
            shared = [saved.replace(annotation=_SAVED), y.replace(default=None), *others]
        named = list(inspect.signature(command).parameters.values())[1:]
        own = _parameters(command, {p.name: p.default for p in named})
        names = {parameter.name for parameter in shared}

        def run(**given: Any) -> None:
            files = PairFiles(**{name: given.pop(name) for name in names})
            command(files, **given)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in [*shared, *own]}
        return run

    return decorate


def _parameters(owner: Any, defaults: dict[str, Any]) -> list[inspect.Parameter]:
    """Keyword parameters with resolved annotations, Typer's part of them kept."""
    hints = get_type_hints(owner, include_extras=True)
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=hints[name],
            default=inspect.Parameter.empty if default is MISSING else default,
        )
        for name, default in defaults.items()
    ]


def _spelling(field: str) -> str:
    """The option that sets a field."""
    (option,) = (
        entry
        for entry in get_type_hints(PairFiles, include_extras=True)[field].__metadata__
        if isinstance(entry, typer.models.OptionInfo)
    )
    # Typer keeps a first declaration as the default of an annotated option.
    return str((option.param_decls or (option.default,))[0])


def read_kinds(given: Sequence[str]) -> Any:
    """``KIND`` for all labels, or a mapping from ``COLUMN=KIND`` entries.

    Parameters
    ----------
    given : sequence of str

    Raises
    ------
    InputError
        For an unknown kind, or entries that contradict each other.
    """
    for entry in given:
        if entry.rpartition("=")[2] not in ("auto", "continuous", "classes"):
            raise InputError(f"--label-kind {entry}: choose auto, continuous or classes")
    named = {
        name: kind for name, found, kind in (entry.rpartition("=") for entry in given) if found
    }
    if not named:
        if len(given) > 1:
            raise InputError("--label-kind was given twice for all labels: name the columns")
        return given[0] if given else "auto"
    if len(named) < len(given):
        raise InputError("--label-kind: give each entry as COLUMN=KIND, every column once")
    return named
