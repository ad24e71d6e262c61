"""The book in other forms, and what goes into a release."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaling_utils.commands.options import ProjectOption

if TYPE_CHECKING:
    from scaling_utils.book.project import Project

BrowserOption = Annotated[
    str | None,
    typer.Option("--browser", metavar="PATH", help="Chromium or Chrome; by default looked for."),
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Never touch the network.")]


def pdf_command(
    context: typer.Context,
    browser: BrowserOption = None,
    offline: OfflineOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Build the book and print it into _build/book.pdf (needs Chromium or Chrome)."""
    from scaling_utils.book.pdf import find_browser, make_pdf

    program = find_browser(browser)
    book = _built(context, project, offline)
    _tell(book, make_pdf(book, browser=program))


def epub_command(
    context: typer.Context, offline: OfflineOption = False, project: ProjectOption = Path()
) -> None:
    """Build the book and write it into _build/book.epub."""
    from scaling_utils.book.epub import make_epub

    book = _built(context, project, offline)
    _tell(book, make_epub(book))


def release_command(
    context: typer.Context,
    browser: BrowserOption = None,
    offline: OfflineOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Build site archive, PDF, EPUB, results.json and checksums into dist/release."""
    from scaling_utils.book.epub import make_epub
    from scaling_utils.book.pdf import find_browser, make_pdf
    from scaling_utils.book.release import make_release

    program = find_browser(browser)
    book = _built(context, project, offline)
    make_pdf(book, browser=program)
    make_epub(book)
    _tell(book, make_release(book))


def editions_command(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="Folder to make; must not exist.")],
    latest: Annotated[
        Path, typer.Option("--latest", metavar="ARCHIVE", help="Site archive of the newest state.")
    ],
    archives: Annotated[
        list[Path] | None, typer.Argument(metavar="[ARCHIVE]...", help="Site archives of releases.")
    ] = None,
) -> None:
    """Put the newest site and those of releases (under /vX.Y/) together, with a list of versions."""
    from scaling_utils.book.editions import assemble

    for edition in assemble(target, latest=latest, releases=archives or []):
        typer.echo(f"{edition.folder or '.'}: version {edition.version}")


def _built(context: typer.Context, project: Path, offline: bool) -> Project:
    from scaling_utils.book.build import build
    from scaling_utils.book.project import find_project
    from scaling_utils.commands.reference import fragments

    book = find_project(project)
    build(book, fragments=fragments(context), jobs=os.cpu_count() or 1, offline=offline, say=typer.echo)
    return book


def _tell(book: Project, made: Path) -> None:
    typer.echo(f"ready: {made.relative_to(book.root)}")
