"""The pages of the site joined into one document for print."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from scaling_utils.book.config import read_mapping
from scaling_utils.book.project import Project
from scaling_utils.figures.embed import NEEDS_SCRIPT

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

UNFINISHED = "not all formulas are set"
"""Title of the document until MathJax is done: a PDF that bears it was printed too early."""

_SCREEN_ONLY = f"script, .headerlink, .d-print-none, .prev-next-area, button, dialog, {NEEDS_SCRIPT}"
_HEAD = """\
<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>{unfinished}</title>
{styles}
{mathjax}
<script>
addEventListener("load", () => {{
  const set = window.MathJax?.startup?.promise ?? Promise.resolve();
  set.then(() => document.fonts.ready).then(() => {{ document.title = document.body.dataset.title; }});
}});
</script>
</head>
<body class="printed-book" data-title="{title}">
"""


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents.

    Parameters
    ----------
    docname
        The page; None for the caption of a part.
    title
        The caption, or the title that the table gives the page; None where the page's own holds.
    depth
        Zero for the front page, parts and chapters; one for the pages of a chapter, and so on.
    """

    docname: str | None
    title: str | None
    depth: int


def contents(project: Project) -> list[Entry]:
    """The table of contents in reading order.

    Raises
    ------
    BuildError
        If the table cannot be read.
    """
    toc = read_mapping(project.toc, project.toc.relative_to(project.root).as_posix())
    entries = [Entry(_docname(toc["root"]), None, 0), *_below(toc, 0)]
    return entries


def one_document(project: Project) -> str:
    """The whole site as one HTML page, which lies at the site's root.

    Anchors get the name of their page in front, so that those of different pages do not collide;
    links between pages become links within the document, and links to other files of the site lead to
    its public address, if `_config.yml` states one (`html.baseurl`).

    Parameters
    ----------
    project
        The book, built.
    """
    from bs4 import BeautifulSoup

    config = read_mapping(project.config, project.config.name)
    base = (config.get("html") or {}).get("baseurl") or None
    entries = contents(project)
    pages = {entry.docname for entry in entries if entry.docname}
    front = BeautifulSoup(_page(project.html, entries[0].docname or ""), "html.parser")
    head = _HEAD.format(
        unfinished=UNFINISHED,
        styles="\n".join(_styles(front, entries[0].docname or "")),
        mathjax=_mathjax(front, entries[0].docname or ""),
        title=escape(str(config["title"])),
    )
    articles = []
    titles: dict[str, str] = {}
    for entry in entries:
        if entry.docname is None:
            continue
        soup = BeautifulSoup(_page(project.html, entry.docname), "html.parser")
        article = soup.select_one("article")
        assert article is not None, f"{entry.docname} has no article"
        _for_print(article, entry, pages, base)
        heading = article.find(re.compile("^h[1-6]$"))
        titles[entry.docname] = heading.get_text().strip() if heading else entry.docname
        articles.append(f'<div class="printed-page printed-depth-{entry.depth}">{article}</div>\n')
    return "".join([head, articles[0], _table(entries[1:], titles), *articles[1:], "</body>\n</html>\n"])


def anchor(docname: str, fragment: str = "") -> str:
    """Name of an anchor of a page within the one document.

    >>> anchor("book/ledger", "how-to-read")
    'book-ledger--how-to-read'
    """
    name = docname.replace("/", "-")
    return f"{name}--{fragment}" if fragment else name


def _below(node: dict[str, Any], depth: int) -> Iterator[Entry]:
    for part in node.get("parts", []):
        if part.get("caption"):
            yield Entry(None, str(part["caption"]), depth)
        yield from _below(part, depth)
    for key in ("chapters", "sections"):
        for item in node.get(key, []):
            yield Entry(_docname(item["file"]), item.get("title"), depth)
            yield from _below(item, depth + 1)


def _docname(file: str) -> str:
    return re.sub(r"\.(md|ipynb)$", "", file)


def _page(site: Path, docname: str) -> str:
    return (site / f"{docname}.html").read_text(encoding="utf-8")


def _from_root(docname: str, address: str) -> str:
    """A relative address on a page, as seen from the root of the site."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(docname), address))


def _styles(page: BeautifulSoup, docname: str) -> Iterator[str]:
    for link in page.select('link[rel~="stylesheet"]'):
        yield f'<link rel="stylesheet" href="{escape(_from_root(docname, str(link["href"])))}">'


def _mathjax(page: BeautifulSoup, docname: str) -> str:
    found = []
    for script in page.select("script"):
        source = str(script.get("src", ""))
        if "mathjax/" in source:
            found.append(f'<script defer src="{escape(_from_root(docname, source))}"></script>')
        elif (script.string or "").startswith("window.MathJax"):
            found.append(f"<script>{script.string}</script>")
    return "\n".join(found)


def _for_print(article: Tag, entry: Entry, pages: set[str], base: str | None) -> None:
    docname = entry.docname or ""
    for tag in article.select(_SCREEN_ONLY):
        tag.decompose()
    for tag in article.select("noscript"):
        tag.unwrap()
    for tag in article.select("details"):
        tag["open"] = ""
    # A drawing refers to its own parts by id; those names stay.
    named = [tag for tag in article.select("[id]") if not tag.find_parent("svg")]
    names = {str(tag["id"]): anchor(docname, str(tag["id"])) for tag in named}
    for tag in named:
        tag["id"] = names[str(tag["id"])]
    for style in article.select("style"):
        style.string = re.sub(r"#([\w-]+)", lambda m: f"#{names.get(m[1], m[1])}", style.get_text())
    article["id"] = anchor(docname)
    for tag in article.find_all(re.compile("^h[1-6]$")):
        tag.name = f"h{min(6, int(tag.name[1]) + entry.depth)}"
    for tag in article.select("[src], [data]"):
        for name in ("src", "data"):
            if name in tag.attrs and not urlsplit(str(tag[name])).scheme:
                tag[name] = _from_root(docname, str(tag[name]))
        tag.attrs.pop("loading", None)
    for link in article.select("a[href]"):
        _relink(link, docname, pages, base)


def _relink(link: Tag, docname: str, pages: set[str], base: str | None) -> None:
    address = urlsplit(str(link["href"]))
    if address.scheme or address.netloc:
        if address.scheme.startswith("http") and link.get_text().strip() != link["href"]:
            link["data-address"] = link["href"]
        return
    path = _from_root(docname, address.path) if address.path else f"{docname}.html"
    target = path.removesuffix(".html")
    if target in pages:
        link["href"] = f"#{anchor(target, address.fragment)}"
    elif base:
        link["href"] = urljoin(base.rstrip("/") + "/", path)
    else:
        link.unwrap()


def _table(entries: list[Entry], titles: dict[str, str]) -> str:
    lines = []
    for entry in entries:
        title = escape(entry.title or titles[entry.docname or ""])
        if entry.docname is None:
            lines.append(f'<p class="printed-part">{title}</p>')
        else:
            link = f'<a class="internal" href="#{anchor(entry.docname)}">{title}</a>'
            lines.append(f'<p class="printed-entry printed-depth-{entry.depth}">{link}</p>')
    return '<nav class="printed-page printed-contents">\n' + "\n".join(lines) + "\n</nav>\n"
