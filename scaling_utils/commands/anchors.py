"""Keep the list of public anchors."""

from __future__ import annotations

from pathlib import Path

import typer

from scaling_utils.commands.options import ProjectOption


def anchors_command(project: ProjectOption = Path()) -> None:
    """Add the anchors of the built site to book/anchors.txt, from which no build may lose one."""
    from scaling_utils.book.anchors import add_anchors
    from scaling_utils.book.project import find_project

    new = add_anchors(find_project(project))
    for line in new:
        typer.echo(line)
    typer.echo(f"{len(new)} new anchors are in book/anchors.txt" if new else "book/anchors.txt is up to date")
