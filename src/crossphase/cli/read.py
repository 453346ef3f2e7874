"""``crossphase datasets read``: the published data sets from files of the user's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossphase.cli.features import Components, ImageEncoder, Keep, TextEncoder, kept_in
from crossphase.cli.inputs import Quiet
from crossphase.cli.output import check_ending, check_targets, progress_bar, write_output
from crossphase.cli.wording import examples
from crossphase.errors import InputError

if TYPE_CHECKING:
    from crossphase.datasets import Modalities

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)

Out = Annotated[
    str, typer.Option("--out", metavar="FILE.npz", help="Views, labels, IDs and groups.")
]


@app.callback(
    epilog=examples(
        "crossphase datasets read cells bmmc.h5ad --out cells.npz",
        "crossphase datasets read coco --help",
    )
)
def read() -> None:
    """Read COCO 2017, LAMOST with Kepler or TESS, or BMMC CITE-seq, if you have the files.

    Each command writes one .npz that diagnose, train and validate take.
    """


@app.command(
    short_help="COCO 2017: images and captions.",
    epilog=examples(
        "crossphase datasets read coco --images val2017 \\\n"
        "      --captions annotations/captions_val2017.json \\\n"
        "      --instances annotations/instances_val2017.json --out coco.npz",
        "crossphase datasets read coco ... --image-encoder efficientnet-lite0 \\\n"
        "      --text-encoder minilm",
    ),
)
def coco(
    images: Annotated[Path, typer.Option("--images", metavar="DIR", help="Such as val2017.")],
    captions: Annotated[
        Path, typer.Option("--captions", metavar="FILE", help="Such as captions_val2017.json.")
    ],
    instances: Annotated[
        Path, typer.Option("--instances", metavar="FILE", help="Such as instances_val2017.json.")
    ],
    rows: Annotated[
        int | None, typer.Option("--rows", metavar="N", help="Take N images, drawn at random.")
    ] = None,
    image_encoder: ImageEncoder = "pixels",
    text_encoder: TextEncoder = "tfidf",
    components: Components = 64,
    keep: Keep = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of captions and rows.")] = 0,
    out: Out = "coco.npz",
    quiet: Quiet = False,
) -> None:
    """Read images and captions of COCO 2017 and make features of both.

    The label is the category of the largest single annotation.
    """
    inputs = [captions, instances]
    _check(out, inputs)
    with progress_bar(quiet) as progress:
        from crossphase.datasets.readers import read_coco
        from crossphase.features import image_features, text_features

        data = read_coco(images, captions, instances, n=rows, seed=seed)
        kept = kept_in(keep)
        views = {
            "image": image_features(
                data.raw["image"],
                image_encoder,
                n_components=components,
                keep=kept,
                progress=progress,
            ),
            "caption": text_features(
                data.raw["caption"],
                text_encoder,
                n_components=components,
                keep=kept,
                progress=progress,
            ),
        }
        raw = {"caption": data.raw["caption"], "image": [str(p) for p in data.raw["image"]]}
        _publish(replace(data.with_views(views), raw=raw), out, quiet)


@app.command(
    short_help="BMMC CITE-seq: RNA and surface protein.",
    epilog=examples(
        "crossphase datasets read cells \\\n"
        "      GSE194122_openproblems_neurips2021_cite_BMMC_processed.h5ad",
        "crossphase datasets read cells bmmc.h5ad --rna rna_embeddings_scgpt.npy",
    ),
)
def cells(
    path: Annotated[Path, typer.Argument(metavar="FILE.h5ad", help="Unpacked.")],
    rna: Annotated[
        str | None,
        typer.Option(
            "--rna", metavar="FILE.npy|NAME", help="An embedding of the cells, or one in obsm."
        ),
    ] = None,
    genes: Annotated[
        int, typer.Option("--genes", metavar="N", help="Most variable genes to take.")
    ] = 2000,
    components: Annotated[
        int, typer.Option("--components", metavar="K", help="Principal components of them.")
    ] = 100,
    out: Out = "cells.npz",
    quiet: Quiet = False,
) -> None:
    """Read RNA and protein of bone-marrow cells, with cell types and donors.

    Donors become groups, so that diagnose and validate hold out whole ones.
    """
    _check(out, [path])
    with progress_bar(quiet):
        from crossphase.datasets.readers import read_cells

        data = read_cells(path, rna=rna, n_genes=genes, n_components=components)
        _publish(data, out, quiet)


@app.command(
    short_help="LAMOST spectra and Kepler or TESS light curves.",
    epilog=examples(
        "crossphase datasets read stars --spectra lamost --light-curves kepler \\\n"
        "      --catalogue match.csv --label logg --derived logg=spectra --label binary",
        "crossphase datasets read stars --spectra lamost --light-curves tess \\\n"
        "      --catalogue match.csv --target-column TIC --label age",
    ),
)
def stars(
    spectra: Annotated[
        Path, typer.Option("--spectra", metavar="DIR", help="Folder of LAMOST FITS files.")
    ],
    light_curves: Annotated[
        Path, typer.Option("--light-curves", metavar="DIR", help="Folder of light-curve files.")
    ],
    catalogue: Annotated[
        Path, typer.Option("--catalogue", metavar="FILE", help="Which observation is which star.")
    ],
    obsid_column: Annotated[
        str, typer.Option("--obsid-column", metavar="COLUMN", help="LAMOST's observation.")
    ] = "obsid",
    target_column: Annotated[
        str, typer.Option("--target-column", metavar="COLUMN", help="KIC or TIC number.")
    ] = "KID",
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="COLUMN", help="A label; repeatable."),
    ] = None,
    derived: Annotated[
        list[str] | None,
        typer.Option(
            "--derived",
            metavar="LABEL=VIEW",
            help="A label that was read off spectra or light_curves; repeatable.",
        ),
    ] = None,
    out: Out = "stars.npz",
    quiet: Quiet = False,
) -> None:
    """Match spectra and light curves of the same stars and make features of both."""
    _check(out, [catalogue])
    circular = {}
    for text in derived or ():
        label, separator, view = text.rpartition("=")
        if not separator or view not in ("spectra", "light_curves") or label not in (labels or ()):
            raise InputError(
                f"--derived {text}: give a label and spectra or light_curves, as in logg=spectra"
            )
        circular[label] = view
    with progress_bar(quiet) as progress:
        from crossphase.datasets.readers import read_stars

        data = read_stars(
            spectra,
            light_curves,
            catalogue,
            obsid_column=obsid_column,
            target_column=target_column,
            labels=labels or (),
            circular=circular,
            progress=progress,
        )
        _publish(data, out, quiet)


@app.command(
    "star-features",
    short_help="The paper's cached features of LAMOST with Kepler or TESS.",
    epilog=examples(
        "crossphase datasets read star-features cached_features --ages ages_dataset_gyro.csv \\\n"
        "      --binarity nss_dataset.csv",
        "crossphase datasets read star-features cached_features_tess --mission tess",
    ),
)
def star_features(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="With z_lamost_train.npy.")],
    mission: Annotated[
        str, typer.Option("--mission", metavar="[kepler|tess]", help="Of the light curves.")
    ] = "kepler",
    ages: Annotated[
        Path | None, typer.Option("--ages", metavar="FILE", help="Table with KID and final_age.")
    ] = None,
    binarity: Annotated[
        Path | None,
        typer.Option("--binarity", metavar="FILE", help="Table with KID and binarity_class."),
    ] = None,
    out: Out = "stars.npz",
    quiet: Quiet = False,
) -> None:
    """Read frozen features of spectra and light curves, with the labels of their tables."""
    _check(out, [path for path in (ages, binarity) if path is not None])
    with progress_bar(quiet):
        from crossphase.datasets.readers import read_star_features

        data = read_star_features(
            folder,
            mission,  # type: ignore[arg-type] # the reader refuses any other
            ages=ages,
            binarity=binarity,
        )
        _publish(data, out, quiet)


def _check(out: str, inputs: list[Path]) -> None:
    check_ending("--out", out, ".npz")
    check_targets((out,), inputs)


def _publish(data: Modalities, out: str, quiet: bool) -> None:
    """Write the file, and say what it holds and how to go on."""
    from crossphase.datasets import write_modalities

    write_output(lambda path: write_modalities(path, data), out)
    if quiet:
        return
    views = ", ".join(f"{view} ({values.shape[1]})" for view, values in data.views.items())
    typer.echo(f"Wrote {data.n} rows of {views} to {out}")
    for name, label in data.labels.items():
        derived = f", DERIVED FROM {' and '.join(label.circular_for)}" if label.circular_for else ""
        typer.echo(f"  label {name}: {int(label.labelled.sum())} rows{derived}")
    for found in data.findings:
        typer.echo(f"  {found.finding} {found.meaning}")
    x, y = data.views
    labelled = f" --labels {out} --label-column labels/{next(iter(data.labels))}"
    groups = " --groups groups" if data.groups is not None else ""
    typer.echo(
        f"crossphase diagnose {out} {out} --x-key views/{x} --y-key views/{y}"
        f" --x-name {x} --y-name {y}{labelled if data.labels else ''}{groups}"
    )
