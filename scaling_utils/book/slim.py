"""Take out of a rendered site what no page loads and no reader needs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from scaling_utils.book.cells import Notebook, as_text
from scaling_utils.book.files import files_below, remove

ICONS = "_static/scripts/fontawesome.js"
"""A third of the theme's weight; it draws again, as SVG, the icons that the style sheet draws from fonts."""

MATHJAX = "_static/mathjax/input/tex/extensions"
IN_THE_BUNDLE = ("ams", "autoload", "configmacros", "newcommand", "noundefined", "require")
"""Extensions that are part of MathJax's main script; each would also be there by itself."""

ON_REQUEST = (
    *("all-packages", "bussproofs", "cases", "centernot", "colortbl", "colorv2", "empheq", "gensymb"),
    *("mathtools", "mhchem", "noerrors", "physics", "setoptions", "tagformat", "textcomp", "textmacros"),
    "upgreek",
)
"""Extensions that load only if a formula asks for them by name (or for chemistry and proofs); none does."""

UNUSED = (
    *(f"{MATHJAX}/{name}.js" for name in IN_THE_BUNDLE),
    *(f"{MATHJAX}/{name}.js" for name in ON_REQUEST),
    "_static/vendor/fontawesome/webfonts/fa-brands-400.woff2",  # logos; those of the site are images
    "_static/**/*.map",  # for people who debug the theme
    "_static/locales",  # the book is in English; translations are read when it is built
    "_static/*webpack-macros.html",
    "_static/images/logo_deepnote.svg",
    "_static/images/logo_jupyterhub.svg",
    "_static/vendor/fontawesome/webfonts/*.ttf",  # every browser that reads the page takes woff2
    "_sources/**/*.png",
)

STYLES = "_static/styles/pydata-sphinx-theme.css"
SEARCHING = ("searchtools.js", "language_data.js", "searchindex.js")
"""Scripts that the theme lets every page load; only the page of results runs them."""

_ICON_RULE = re.compile(r"((?:\.fa-[\w-]+::?before,?)+)\{content:[^}]*\}")
_ICON = re.compile(r"\bfa-[\w-]+")
_SEARCH_SCRIPT = re.compile(
    rf'\s*<script src="[^"]*(?:{"|".join(map(re.escape, SEARCHING))})[^"]*"></script>'
)
_INDENT = re.compile(r"\n\s+")
CHART = '<script type="application/json">'
EXPLORER = "/budget-explorer.js"
"""How a page holds a chart for Vega, and how it asks for the script that draws one anew."""


def slim(site: Path) -> None:
    """Remove what is of no use in a published site.

    Files of the theme that browsers never ask for, styles of icons that no page shows, scripts that a
    page does not run, white space of templates, and in notebooks what only the building of pages reads.

    Parameters
    ----------
    site
        Folder of a rendered site.
    """
    for pattern in UNUSED:
        for path in sorted(site.glob(pattern)):
            remove(path)
    icons = site / ICONS
    if icons.is_file():
        icons.write_text("// The style sheet draws the icons.\n", encoding="utf-8")
    pages = {path: path.read_text(encoding="utf-8") for path in files_below(site, "*.html")}
    for path, text in pages.items():
        path.write_text(squeezed(text, searches=path == site / "search.html"), encoding="utf-8")
    styles = site / STYLES
    if styles.is_file():
        scripts = (path.read_text(encoding="utf-8") for path in files_below(site / "_static", "*.js"))
        shown = {name for text in (*pages.values(), *scripts) for name in _ICON.findall(text)}
        styles.write_text(without_icons(styles.read_text(encoding="utf-8"), shown), encoding="utf-8")
    for path in files_below(site / "_sources", "*.ipynb"):
        notebook = lighter(json.loads(path.read_bytes()))
        text = json.dumps(notebook, ensure_ascii=False, separators=(",", ":"))
        path.write_text(f"{text}\n", encoding="utf-8")


def squeezed(page: str, *, searches: bool) -> str:
    r"""A page without the indents of its templates and, if it does not search, without the scripts for it.

    >>> page = "<body>\n\n  <nav>\n   <article>\n  as it is</article>\n  </body>"
    >>> squeezed(page, searches=False)
    '<body>\n<nav>\n<article>\n  as it is</article>\n</body>'
    """
    page = page if searches else _SEARCH_SCRIPT.sub("", page)
    before, opening, rest = page.partition("<article")
    article, closing, after = rest.rpartition("</article>")
    return f"{_INDENT.sub(chr(10), before)}{opening}{article}{closing}{_INDENT.sub(chr(10), after)}"


def without_icons(styles: str, shown: set[str]) -> str:
    """A style sheet without the rules of icons that are not shown.

    >>> without_icons('.fa-x:before{content:"1"}.fa-y:before,.fa-z:before{content:"2"}a{}', {"fa-z"})
    '.fa-y:before,.fa-z:before{content:"2"}a{}'
    """
    return _ICON_RULE.sub(lambda rule: rule[0] if shown & set(_ICON.findall(rule[1])) else "", styles)


def lighter(notebook: Notebook) -> Notebook:
    """A notebook without numbers kept for other pages, and without charts that only a page can draw."""
    cells = [
        {**cell, "outputs": [output for output in cell["outputs"] if _is_for_readers(output)]}
        if "outputs" in cell
        else cell
        for cell in notebook["cells"]
    ]
    return {**notebook, "cells": cells}


def _is_for_readers(output: Notebook) -> bool:
    data = output.get("data", {})
    kept_for_pages = "scrapbook" in output.get("metadata", {}) and "image/svg+xml" not in data
    return not kept_for_pages and CHART not in as_text(data.get("text/html", ""))


def weight(site: Path) -> int:
    """Bytes of all files of a site."""
    return sum(path.stat().st_size for path in files_below(site))
