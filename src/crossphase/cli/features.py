"""``crossphase features``: images or texts as a table of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossphase.cli.inputs import Quiet
from crossphase.cli.output import check_ending, check_targets, progress_bar, write_output
from crossphase.errors import InputError

if TYPE_CHECKING:
    from crossphase.cli.output import Progress

__all__ = ["Components", "ImageEncoder", "Keep", "TextEncoder", "features", "kept_in"]

Components = Annotated[
    int,
    typer.Option("--components", metavar="K", help="Most features of pixels, patches and tfidf."),
]
ImageEncoder = Annotated[
    str,
    typer.Option(
        "--image-encoder", metavar="[pixels|patches|efficientnet-lite0]", help="Of the images."
    ),
]
TextEncoder = Annotated[
    str, typer.Option("--text-encoder", metavar="[tfidf|minilm]", help="Of the texts.")
]
Keep = Annotated[
    str | None,
    typer.Option(
        "--keep",
        metavar="DIR",
        help="Keep features there and take what it has; - keeps none. Default: a folder beside "
        "fetched data.",
    ),
]

_TABLES = (".csv", ".tsv", ".parquet")


def kept_in(folder: str | None) -> Path | None:
    """The folder that ``--keep`` means."""
    if folder == "-":
        return None
    if folder is not None:
        return Path(folder)
    from crossphase.datasets import data_folder

    return data_folder() / "features"


def features(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="A folder of images, a .txt with a text a line, or a table."
        ),
    ],
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="[pixels|patches|efficientnet-lite0|tfidf|minilm]",
            help="Default: pixels for images, tfidf for texts.",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        str | None, typer.Option("--column", metavar="COLUMN", help="Of a table: the texts.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Of a table: the row IDs.")
    ] = None,
    components: Components = 64,
    batch_size: Annotated[
        int, typer.Option("--batch-size", metavar="N", help="Items encoded at once.")
    ] = 32,
    keep: Keep = None,
    out: Annotated[
        str,
        typer.Option(
            "--out", metavar="FILE", help="A .npy, or a .npz that also holds the row IDs."
        ),
    ] = "features.npy",
    quiet: Quiet = False,
) -> None:
    """Turn images or texts into features that diagnose takes.

    pixels, patches and tfidf are fitted on what is given and need nothing more;
    efficientnet-lite0 and minilm are trained encoders of the extra "encoders". Rows follow the
    order of file names, or of lines. IDs are the file names, the column --id, or the line numbers.
    """
    check_ending("--out", out, ".npy", ".npz")
    check_targets((out,), (source,))
    import numpy as np

    from crossphase.io.writing import write_file

    with progress_bar(quiet) as progress:
        items, ids, images = _items(source, column, id_column)
        found = _encoded(items, images, encoder, components, batch_size, keep, progress)

    def save(draft: Path) -> None:
        if draft.suffix == ".npy":
            np.save(draft, found, allow_pickle=False)
        else:
            np.savez_compressed(draft, features=found, id=np.array(ids))

    write_output(lambda path: write_file(path, save), out)
    if not quiet:
        what = "images" if images else "texts"
        typer.echo(f"Wrote {len(found)} {what} × {found.shape[1]} features to {out}")


def _items(
    source: Path, column: str | None, id_column: str | None
) -> tuple[Sequence[Any], list[str], bool]:
    """Items, their IDs, and whether they are images."""
    from crossphase.features import image_files

    ending = source.suffix.lower()
    table = ending in _TABLES
    if not table and (column or id_column):
        raise InputError("--column and --id are for tables: give a .csv, .tsv or .parquet")
    if source.is_dir():
        files = image_files(source)
        return files, [path.name for path in files], True
    if table:
        return (*_table(source, column, id_column), False)
    if ending != ".txt":
        raise InputError(
            f"{source} is neither a folder of images nor a file of texts: give a folder, a .txt, "
            f"or a table ({', '.join(_TABLES)})"
        )
    from crossphase.sources.paths import existing_file
    from crossphase.sources.reading import reading_failed

    try:
        lines = existing_file(source).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise reading_failed(source, error, "save it as UTF-8 text") from None
    return lines, [str(number) for number in range(1, len(lines) + 1)], False


def _table(source: Path, column: str | None, id_column: str | None) -> tuple[list[str], list[str]]:
    from crossphase.io import read_columns

    if column is None:
        raise InputError(f"{source} is a table: say which of its columns holds texts, --column")
    table = read_columns(source, [column], id_column=id_column)
    texts = ["" if value is None or value != value else value for value in table.values[column]]
    ids = table.ids if table.ids is not None else range(len(texts))
    return [str(text) for text in texts], [str(value) for value in ids]


def _encoded(
    items: Sequence[Any],
    images: bool,
    encoder: str | None,
    components: int,
    batch_size: int,
    keep: str | None,
    progress: Progress | None,
) -> Any:
    from crossphase.features import IMAGE_ENCODERS, TEXT_ENCODERS, image_features, text_features

    make = image_features if images else text_features
    default = (IMAGE_ENCODERS if images else TEXT_ENCODERS)[0]
    return make(
        items,
        encoder or default,
        n_components=components,
        batch_size=batch_size,
        keep=kept_in(keep),
        progress=progress,
    )
