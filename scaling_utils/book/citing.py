"""How a page, a section or a figure is cited: BibTeX, CSL-JSON, and the tags that reference managers read."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Work:
    """One page of the book, as a citation names it.

    Parameters
    ----------
    key
        Key of the entry.
    title
        Title of the page.
    url
        Its address.
    book, author
        Title of the book, and who made it.
    version, commit
        Of the build; `commit` is empty outside of a repository.
    date
        Day of the last commit, ISO 8601.
    """

    key: str
    title: str
    url: str
    book: str
    author: str
    version: str
    commit: str
    date: str

    @property
    def edition(self) -> str:
        """Version and commit, for people."""
        return f"version {self.version}" + (f", commit {self.commit}" if self.commit else "")


def key_of(page: str) -> str:
    """Key of the entry of a page.

    >>> key_of("book/isoflop-profiles"), key_of("notebooks/03-isoflop-profiles/porian-refinedweb")
    ('scaling-laws-book:isoflop-profiles', 'scaling-laws-book:03-isoflop-profiles:porian-refinedweb')
    """
    return "scaling-laws-book:" + page.partition("/")[2].replace("/", ":")


def latex(text: str) -> str:
    r"""A text in the letters that BibTeX and LaTeX have always read.

    >>> latex("50 % of Kaplan’s law — twice")
    "50 \\% of Kaplan's law --- twice"
    """
    import latexcodec  # noqa: F401  # registers the codec

    return str(codecs.encode(" ".join(text.split()), "ulatex"))


def bibtex(work: Work) -> str:
    """The BibTeX entry of a page.

    `@misc` with `howpublished` is what every style prints; `url` is for those that know it.
    """
    year, month = work.date.split("-")[:2]
    fields = {
        "author": f"{{{latex(work.author)}}}",
        "title": f"{{{latex(work.title)}}}",
        "howpublished": f"In: {latex(work.book)}, {work.edition}",
        "year": year,
        "month": str(int(month)),
        "url": work.url,
    }
    lines = "".join(f"  {name:<12} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{{work.key},\n{lines}}}\n"


def csl(work: Work) -> dict[str, Any]:
    """The entry of a page in CSL-JSON, as Pandoc, Zotero and citeproc read it."""
    return {
        "id": work.key,
        "type": "chapter",
        "title": work.title,
        "container-title": work.book,
        "author": [{"literal": work.author}],
        "issued": {"date-parts": [[int(part) for part in work.date.split("-")]]},
        "URL": work.url,
        "version": work.version,
        "note": work.edition,
    }


def meta_tags(work: Work, *, description: str, picture: str, picture_alt: str) -> str:
    """Highwire, Dublin Core and Open Graph tags of a page.

    Parameters
    ----------
    work
        The page.
    description
        What it is about, in a sentence or two.
    picture, picture_alt
        Address of its picture, and what can be seen there; both may be empty.
    """
    named = [
        ("description", description),
        ("citation_title", work.title),
        ("citation_author", work.author),
        ("citation_inbook_title", work.book),
        ("citation_publication_date", work.date.replace("-", "/")),
        ("citation_language", "en"),
        ("citation_public_url", work.url),
        ("DC.title", work.title),
        ("DC.creator", work.author),
        ("DC.date", work.date),
        ("DC.identifier", work.url),
        ("DC.language", "en"),
        ("DC.type", "Text"),
        ("DCTERMS.isPartOf", work.book),
        ("DCTERMS.hasVersion", work.edition),
        ("twitter:card", "summary_large_image" if picture else "summary"),
    ]
    properties = [
        ("og:type", "article"),
        ("og:title", work.title),
        ("og:description", description),
        ("og:url", work.url),
        ("og:site_name", work.book),
        ("og:image", picture),
        ("og:image:alt", picture_alt),
    ]
    return "".join(_tag("name", *pair) for pair in named if pair[1]) + "".join(
        _tag("property", *pair) for pair in properties if pair[1]
    )


def _tag(attribute: str, name: str, content: str) -> str:
    return f'<meta {attribute}="{name}" content="{html.escape(content)}" />\n'


@dataclass(frozen=True)
class Target:
    """A section, a figure or a row that can be cited on its own.

    Parameters
    ----------
    anchor
        Its label on the page.
    title
        What it is called there.
    kind
        What the list of targets puts before the title; may be empty.
    """

    anchor: str
    title: str
    kind: str = ""


def cite_data(work: Work, targets: Iterable[Target]) -> dict[str, Any]:
    """What the script of the page needs to cite a part of it in place of the page.

    A part is titled by the page and itself, with a colon between where the page's title has no stop.
    """
    stop = " " if re.search(r"[.?!]$", work.title) else ": "
    return {
        "key": work.key,
        "url": work.url,
        "title": work.title,
        "latex": latex(work.title),
        "stop": stop,
        "targets": [
            {"anchor": target.anchor, "title": target.title}
            | ({"kind": target.kind} if target.kind else {})
            | ({"latex": latex(target.title)} if latex(target.title) != target.title else {})
            for target in targets
        ],
    }
