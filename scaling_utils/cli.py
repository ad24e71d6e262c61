"""The command line: `scaling-book`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from scaling_utils.errors import ScalingError

app = typer.Typer(
    name="scaling-book",
    help="Build, preview and extend the book on neural scaling laws.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
datasets_app = typer.Typer(help="List and download the data of the book.", rich_markup_mode=None)
app.add_typer(datasets_app, name="datasets")

ProjectOption = Annotated[
    Path,
    typer.Option(
        "--project",
        metavar="DIR",
        show_default=False,
        help="Folder of the book; by default found from here up.",
    ),
]


def main() -> None:
    """Run the command line; an error that the user can mend is one message, without a traceback."""
    try:
        app()
    except ScalingError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"scaling-book {version('scaling-laws-book')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Build, preview and extend the book on neural scaling laws."""


@app.command("build")
def build_command(
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Notebooks at a time; by default one per core.")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--only", metavar="NOTEBOOK", help="Execute only this: 03, a notebook, or notebook/scenario."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Execute and render even if nothing changed.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,
    project: ProjectOption = Path(),
) -> None:
    """Run the notebooks and build the site into _build/html."""
    from scaling_utils.book.build import build
    from scaling_utils.book.project import find_project

    build(
        find_project(project),
        jobs=jobs or os.cpu_count() or 1,
        only=only,
        force=force,
        offline=offline,
        say=typer.echo,
    )


@app.command("serve")
def serve_command(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    project: ProjectOption = Path(),
) -> None:
    """Preview the built site on this machine only (127.0.0.1)."""
    from scaling_utils.book.project import find_project
    from scaling_utils.book.serve import serve

    serve(find_project(project), port=port, say=typer.echo)


@app.command("check")
def check_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV of training runs.")],
    flop_rule: Annotated[
        str, typer.Option(metavar="RULE", help="How FLOPs are counted: 6ND or reported.")
    ] = "6ND",
    param_count: Annotated[
        str, typer.Option(metavar="COUNT", help="total, non-embedding or non-embedding-with-head.")
    ] = "total",
    loss_unit: Annotated[
        str, typer.Option(metavar="UNIT", help="nats/token, nats/byte, bits/token or bits/byte.")
    ] = "nats/token",
) -> None:
    """Read a CSV of training runs and say what it holds."""
    from scaling_utils.conventions import Conventions
    from scaling_utils.runs.readers import describe, read_csv

    stated: dict[str, Any] = {"flop_rule": flop_rule, "param_count": param_count, "loss_unit": loss_unit}
    conventions = Conventions(**stated)
    for label, value in describe(read_csv(file, conventions=conventions)):
        typer.echo(f"{label:<24}{value}")


@datasets_app.callback(invoke_without_command=True)
def _datasets(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_command()


@datasets_app.command("list")
def list_command() -> None:
    """List the registered datasets and whether they are at hand."""
    from scaling_utils.runs.registry import catalogue

    for row in catalogue():
        typer.echo(str(row))


@datasets_app.command("fetch")
def fetch_command(
    dataset: Annotated[str, typer.Argument(metavar="ID", help="Id of a registered dataset.")],
) -> None:
    """Download a dataset and check it against its sha256."""
    from scaling_utils.runs.registry import fetch

    typer.echo(f"{dataset}: {fetch(dataset)}")
