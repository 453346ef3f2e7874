"""``crossphase datasets``: the bundled real data."""

from __future__ import annotations

import typer

__all__ = ["app"]

app = typer.Typer(rich_markup_mode=None)


@app.callback()
def datasets() -> None:
    r"""The bundled real data.

    \b
    Example:
      crossphase datasets list
    """


@app.command("list")
def list_datasets() -> None:
    r"""List the bundled datasets: rows, labels, views with their features, licence.

    \b
    Example:
      crossphase datasets list
    """
    from crossphase import datasets as bundled

    for name in bundled.names():
        dataset = bundled.load(name)
        views = ", ".join(f"{view} ({x.shape[1]})" for view, x in dataset.views.items())
        typer.echo(
            f"{name}: {dataset.description}\n"
            f"  rows      {len(dataset.labels)}, labelled by {dataset.label_name}\n"
            f"  views     {views}\n"
            f"  licence   {dataset.licence}\n"
            f"  cite      {dataset.citation}"
        )
