"""The public anchors of the site: each one that was ever published stays."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import yaml

from scaling_utils.book.config import toc_pages
from scaling_utils.book.edition import read_edition
from scaling_utils.book.project import Project
from scaling_utils.errors import BuildError, clip
from scaling_utils.files import write_whole
from scaling_utils.yaml_files import from_yaml

ANCHORS = "anchors.txt"
"""File among the pages: one `page#label` a line, sorted."""

REDIRECTS = "book/redirects.yml"
"""Pages that have moved: new name by old name."""

_HOLDERS = {"section", "figure", "dt", "tr"}
_AUTOMATIC = re.compile(r"id\d+|(cite-|index-|codecell|toggle-|eval-|nb-)\w*|.*-name|.*-heading|cite-[\w-]+")
_SHOWN = 20


def is_public(label: str) -> bool:
    """Whether a label is one to cite: given by an author, not numbered by position.

    >>> is_public("the-fit"), is_public("identifiability"), is_public("id3")
    (True, True, False)
    """
    return bool(label) and not _AUTOMATIC.fullmatch(label)


def anchors_of(page: str, *, titled: bool = True) -> set[str]:
    """Labels that the text of a page offers: sections, figures, equations, terms, rows, `(label)=` targets.

    Ids that Sphinx numbers by position are left out: nobody should cite them. So is the id that a page of a
    notebook gets from its title, which is a question and may be put better: the page has its own address.

    Parameters
    ----------
    page
        HTML.
    titled
        Whether the id of the page's first section counts.

    Examples
    --------
    >>> sorted(anchors_of('<article><section id="a"><span id="b"></span><p id="id3"></p></section>'))
    ['a', 'b']
    """
    parser = _Anchors()
    parser.feed(page)
    parser.close()
    return parser.found if titled else parser.found - {parser.top}


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.top = ""
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside |= tag == "article"
        label = given.get("id", "")
        holds = (
            tag in _HOLDERS or tag == "span" or (tag == "div" and "math" in given.get("class", "").split())
        )
        if self._inside and tag == "section":
            self.top = self.top or label
        if self._inside and holds and is_public(label):
            self.found.add(label)

    def handle_endtag(self, tag: str) -> None:
        self._inside &= tag != "article"


def anchors_of_site(site: Path, pages: Iterable[str]) -> set[str]:
    """All public anchors of a site as `page#label`; of pages that it lacks there are none."""
    files = {page: site / f"{page}.html" for page in pages}
    return {
        f"{page}#{label}"
        for page, path in files.items()
        if path.is_file()
        for label in anchors_of(path.read_text(encoding="utf-8"), titled=not page.startswith("notebooks/"))
    }


def check_anchors(project: Project, site: Path, pages: Iterable[str]) -> None:
    """Refuse to publish a site that lacks an anchor of `book/anchors.txt`, be it under its page's new name.

    Parameters
    ----------
    project
        The book, staged.
    site
        Folder of the rendered site.
    pages
        Names of its pages.

    Raises
    ------
    BuildError
        With the anchors that are gone, and what to do.
    """
    listed = listed_anchors(project)
    if not listed:
        return
    found = anchors_of_site(site, pages)
    moved, empty = moved_pages(project), set(read_edition(project)["empty"])
    lost = []
    for line in listed:
        page, _, label = line.partition("#")
        page = moved.get(page, page)
        if page not in empty and f"{page}#{label}" not in found:
            lost.append(line)
    if lost:
        more = [f"and {len(lost) - _SHOWN} more"] if len(lost) > _SHOWN else []
        told = "\n  ".join([*lost[:_SHOWN], *more])
        raise BuildError(
            "anchors that were public are gone, and papers may cite them. Put '(label)=' above what took the "
            f"place of each, or, if a whole page moved, a line into {REDIRECTS}\n  {told}"
        )


def add_anchors(project: Project) -> list[str]:
    """Put the anchors of the published site that are new into `book/anchors.txt`.

    Parameters
    ----------
    project
        The book, built.

    Returns
    -------
    list of str
        The new lines.

    Raises
    ------
    BuildError
        If there is no built site.
    """
    site = project.html
    if not (site / "index.html").is_file():
        raise BuildError("there is no built site to read anchors from; build it with: scaling-book build")
    listed = listed_anchors(project)
    new = sorted(anchors_of_site(site, toc_pages(project)) - set(listed))
    if new:
        write_whole(project.pages / ANCHORS, "".join(f"{line}\n" for line in sorted([*listed, *new])))
    return new


def listed_anchors(project: Project) -> list[str]:
    """Lines of `book/anchors.txt`; none if it does not exist."""
    path = project.pages / ANCHORS
    return path.read_text(encoding="utf-8").split() if path.is_file() else []


def moved_pages(project: Project) -> dict[str, str]:
    """New name by old name of a page, from `book/redirects.yml`.

    Raises
    ------
    BuildError
        If the file does not map names to names.
    """
    path = project.root / REDIRECTS
    if not path.is_file():
        return {}
    try:
        moved = from_yaml(path.read_bytes()) or {}
    except yaml.YAMLError as error:
        raise BuildError(f"{REDIRECTS}: not valid YAML: {clip(str(error), 300)}") from error
    if not isinstance(moved, dict) or not all(isinstance(n, str) for pair in moved.items() for n in pair):
        raise BuildError(f"{REDIRECTS}: each line must be 'old name: new name', as in _toc.yml")
    return moved
