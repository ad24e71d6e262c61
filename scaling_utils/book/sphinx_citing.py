"""Extension of Sphinx: citations, files of figures, links to the sources, and files that a site should have.

It reads `edition.json` of the staged tree, and `html_baseurl` and `repository_url` of `_config.yml`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.osutil import relative_uri

from scaling_utils.book.anchors import is_public
from scaling_utils.book.cite_box import cite_box, figure_footer, picture, redirect_page
from scaling_utils.book.citing import Target, Work, key_of, meta_tags
from scaling_utils.book.edition import EDITION
from scaling_utils.book.source_links import source_buttons
from scaling_utils.book.well_known import NOT_FOUND, robots, sitemap
from scaling_utils.errors import clip

AT_ONCE = 1
"""Figures of a page that load at once; the others wait until they come into view."""

CITE_BUTTON = {
    "type": "javascript",
    "label": "cite-button",
    "tooltip": "Cite this page",
    "icon": "fas fa-quote-right",
    "javascript": "document.getElementById('cite-this-page').scrollIntoView()",
}
DESCRIPTION_LENGTH, CAPTION_LENGTH = 300, 120


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_config_value("scaling_edition", {}, "html", [dict])
    app.connect("config-inited", _read_edition)
    app.connect("doctree-resolved", _dress_figures)
    app.connect("html-page-context", _add_citation, priority=900)  # after the theme has made its buttons
    app.connect("html-collect-pages", _not_found_page)
    app.connect("build-finished", _write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _read_edition(app: Sphinx, config: Config) -> None:
    edition = json.loads((Path(app.srcdir) / EDITION).read_bytes())
    # Scenarios that draw the same picture share its files.
    first: dict[str, str] = {}
    for stem, facts in edition["figures"].items():
        facts["files"] = first.setdefault(facts["digest"], stem)
    config.scaling_edition = edition
    config.project = config.html_title  # other books find it in objects.inv, with the version
    config.version = config.release = edition["version"]


def _dress_figures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Show every figure from its own file, with its size, and its files and stamp below the caption."""
    if app.builder.name != "html":
        return
    edition = app.config.scaling_edition
    here = app.builder.get_target_uri(docname)
    kept = [image for image in doctree.findall(nodes.image) if _stem(image) in edition["figures"]]
    for number, image in enumerate(kept):
        figure, facts = image.parent, edition["figures"][_stem(image)]
        stem = facts["files"]
        in_figure = isinstance(figure, nodes.figure)
        shown = picture(
            url=relative_uri(here, f"{stem}.svg"),
            alt=image.get("alt", ""),
            size=facts["size"],
            lazy=number >= AT_ONCE,
            scrolls=in_figure and "wide" in figure["classes"],
        )
        image.replace_self(nodes.raw("", shown, format="html", stem=stem))
        if in_figure:
            own = facts["page"] == docname
            footer = figure_footer(
                facts,
                stem=relative_uri(here, stem),
                notebook=relative_uri(here, f"_sources/{facts['page']}.ipynb"),
                page="" if own else relative_uri(here, app.builder.get_target_uri(facts["page"])),
                commit=edition["commit"],
            )
            figure += nodes.legend("", nodes.raw("", footer, format="html"))


def _stem(image: nodes.image) -> str:
    return str(image["uri"]).removesuffix(".svg")


def _add_citation(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if page == "404":
        base = urlsplit(app.config.html_baseurl).path or "/"
        context["metatags"] = f'<base href="{base}" />\n<meta name="robots" content="noindex" />\n'
    if doctree is None or app.builder.name != "html":
        return
    options = app.config.html_theme_options
    context["header_buttons"].append(CITE_BUTTON)
    context["header_buttons"] += source_buttons(
        options.get("repository_url", ""),
        branch=options.get("repository_branch") or "main",
        page=page,
        notebooks=app.config.scaling_edition["notebooks"],
    )
    work = _work(app, page, _title(doctree))
    context["body"] += cite_box(work, _targets(doctree))
    figures = app.config.scaling_edition["figures"]
    own = _first_picture(doctree, figures)
    stem = own or _first_picture(app.env.get_doctree(app.config.root_doc), figures)
    context["metatags"] += meta_tags(
        work,
        description=_description(doctree),
        picture=urljoin(app.config.html_baseurl, f"{stem}.png") if stem else "",
        picture_alt="A figure of this page" if own else "A figure of the book",
    )


def _work(app: Sphinx, page: str, title: str) -> Work:
    edition = app.config.scaling_edition
    return Work(
        key=key_of(page),
        title=title,
        url=urljoin(app.config.html_baseurl, app.builder.get_target_uri(page)),
        book=app.config.html_title,
        author=app.config.author,
        version=edition["version"],
        commit=edition["commit"],
        date=edition["date"],
    )


def _title(doctree: nodes.document) -> str:
    return next((node.astext() for node in doctree.findall(nodes.title)), "")


def _targets(doctree: nodes.document) -> list[Target]:
    """Sections below the title, figures, and rows of the ledger, in the order of the page.

    Marks of references are inline too; their ids are numbered by position, and no target.
    """
    found = []
    for node in doctree.findall(lambda n: isinstance(n, (nodes.section, nodes.figure, nodes.inline))):
        anchor = next(filter(is_public, node["ids"]), "")
        if not anchor or node.parent is doctree:
            continue
        if isinstance(node, nodes.figure):
            caption = node.next_node(nodes.caption)
            found.append(Target(anchor, _first_sentence(caption.astext() if caption else anchor), "Figure"))
        else:
            title = node.next_node(nodes.title) if isinstance(node, nodes.section) else node
            found.append(Target(anchor, title.astext()))
    return found


def _first_sentence(text: str) -> str:
    sentence = " ".join(text.split()).partition(". ")[0]
    return clip(sentence.rstrip("."), CAPTION_LENGTH)


def _description(doctree: nodes.document) -> str:
    paragraph = next((p for p in doctree.findall(nodes.paragraph) if p.astext().strip()), None)
    return clip(" ".join(paragraph.astext().split()), DESCRIPTION_LENGTH) if paragraph else ""


def _first_picture(doctree: nodes.document, figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Path, without suffix, of the first kept figure, dressed or not yet; empty where there is none."""
    for node in doctree.findall(lambda n: isinstance(n, (nodes.raw, nodes.image))):
        stem = _stem(node) if isinstance(node, nodes.image) else node.get("stem", "")
        if stem in figures:
            return str(figures[stem]["files"])
    return ""


def _not_found_page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    if app.builder.name != "html":
        return
    root = app.builder.get_target_uri(app.config.root_doc)
    yield "404", {"title": "Page not found", "body": NOT_FOUND.format(root=root)}, "page.html"


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    """Copy the figures, and write the map of the site, robots.txt and the pages that redirect."""
    if exception is not None or app.builder.name != "html":
        return
    source, site, base = Path(app.srcdir), Path(app.outdir), app.config.html_baseurl
    for facts in app.config.scaling_edition["figures"].values():
        for suffix in facts["formats"]:
            name = f"{facts['files']}.{suffix}"
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, site / name)
    pages = [app.builder.get_target_uri(name) for name in sorted(app.env.all_docs)]
    places = sitemap(base, pages, app.config.scaling_edition["date"])
    (site / "sitemap.xml").write_text(places, encoding="utf-8")
    (site / "robots.txt").write_text(robots(base), encoding="utf-8")
    for old, new in app.config.scaling_edition["moved"].items():
        here, there = (app.builder.get_target_uri(name) for name in (old, new))
        (site / here).parent.mkdir(parents=True, exist_ok=True)
        (site / here).write_text(
            redirect_page(relative_uri(here, there), app.config.html_title), encoding="utf-8"
        )
