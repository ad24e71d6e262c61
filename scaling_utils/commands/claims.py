"""Published numbers against ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scaling_utils.commands.options import ProjectOption


def claims_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the ledger as JSON.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Fail if a verdict is worse than the recorded one.")
    ] = False,
    project: ProjectOption = Path(),
) -> None:
    """Published numbers against those of the last build."""
    from scaling_utils.book.ledger import book_ledger, claims_json
    from scaling_utils.book.project import find_project
    from scaling_utils.book.results import read_results
    from scaling_utils.claims import headline

    book = find_project(project)
    rows = book_ledger(book, read_results(book))
    if as_json:
        typer.echo(claims_json(rows), nl=False)
    else:
        widest = max((len(row.id) for row in rows), default=0)
        for row in rows:
            ours = "–" if row.ours is None else str(row.ours)
            typer.echo(f"{row.verdict:<18}{row.kind:<13}{row.id:<{widest}}  {row.published:<12.5g}{ours}")
        typer.echo("\n".join(headline(rows)))
    worse = [row for row in rows if row.worse]
    for row in worse if check else ():
        typer.echo(f"worse than recorded: {row.id} is '{row.verdict}', was '{row.recorded}'", err=True)
    if check and worse:
        raise typer.Exit(1)
