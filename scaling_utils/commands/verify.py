"""Compare the numbers of the book with those of a release."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from scaling_utils.commands.options import ProjectOption


def verify_command(
    context: typer.Context,
    against: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="results.json, or the folder of a release or site; by default the site that stands now.",
        ),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Allow no tolerance, as between builds on one machine.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild/--no-build", help="Execute everything anew, or take the last build.")
    ] = True,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Notebooks at a time; by default one per core.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,
    project: ProjectOption = Path(),
) -> None:
    """Rebuild the book and compare its numbers with those of a release.

    Prints the table "Numbers that changed" in Markdown. Ends with 0 if none did, 1 if some did, 2 if
    there is nothing to compare.
    """
    from scaling_utils.book.build import build
    from scaling_utils.book.project import find_project
    from scaling_utils.book.results import read_document
    from scaling_utils.book.verify import compare
    from scaling_utils.commands.reference import fragments
    from scaling_utils.errors import BuildError, ScalingError

    book = find_project(project)
    before = read_document(against if against is not None else book.html)
    if rebuild:
        try:
            build(
                book,
                fragments=fragments(context),
                jobs=jobs or os.cpu_count() or 1,
                force=True,
                offline=offline,
                say=_to_stderr,
            )
        except BuildError as error:
            raise ScalingError(f"there is nothing to compare: {error}") from error
    found = compare(before, read_document(book.results), exact=exact or against is None)
    typer.echo(found.markdown(), nl=False)
    if found.changes:
        raise typer.Exit(1)


def _to_stderr(line: str) -> None:
    typer.echo(line, err=True)
