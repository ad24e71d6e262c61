"""The registered datasets."""

from __future__ import annotations

from typing import Annotated

import typer

datasets_app = typer.Typer(help="List and download the data of the book.", rich_markup_mode=None)


@datasets_app.callback(invoke_without_command=True)
def _datasets(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_command()


@datasets_app.command("list")
def list_command() -> None:
    """List the registered datasets and whether they are at hand."""
    from scaling_utils.runs.catalogue import catalogue

    for row in catalogue():
        typer.echo(str(row))


@datasets_app.command("fetch")
def fetch_command(
    dataset: Annotated[str, typer.Argument(metavar="ID", help="Id of a registered dataset.")],
) -> None:
    """Download a dataset and check it against its sha256."""
    from scaling_utils.runs.registry import locate

    typer.echo(f"{dataset}: {locate(dataset)}")
