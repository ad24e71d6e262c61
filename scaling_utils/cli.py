"""The command line: `scaling-book`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scaling_utils.commands.anchors import anchors_command
from scaling_utils.commands.build import build_command, serve_command
from scaling_utils.commands.check import check_command, template_command
from scaling_utils.commands.claims import claims_command
from scaling_utils.commands.datasets import datasets_app
from scaling_utils.commands.design import design_command
from scaling_utils.commands.fit import fit_command, plan_command
from scaling_utils.commands.ladder import ladder_app
from scaling_utils.commands.publish import editions_command, epub_command, pdf_command, release_command
from scaling_utils.commands.run import WithParameters, new_notebook_command, report_command, run_command
from scaling_utils.commands.verify import verify_command
from scaling_utils.errors import ScalingError, clip

app = typer.Typer(
    name="scaling-book",
    help="Build, preview and extend the book on neural scaling laws.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(build_command, serve_command, check_command, template_command),
    *(fit_command, plan_command, design_command, claims_command, anchors_command),
    *(report_command, verify_command, pdf_command, epub_command, release_command, editions_command),
):
    app.command(command.__name__.removesuffix("_command"))(command)
app.command("new-notebook")(new_notebook_command)
app.command("run", cls=WithParameters)(run_command)
app.add_typer(datasets_app, name="datasets")
app.add_typer(ladder_app, name="ladder")


def main() -> None:
    """Run the command line; an error that the user can mend is one message, without a traceback."""
    try:
        app(prog_name="scaling-book")
    except ScalingError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        where = f"{clip(str(error.filename), 300)}: " if error.filename else ""
        typer.echo(f"error: {where}{error.strerror or error}", err=True)
        sys.exit(ScalingError.exit_code)
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
