"""Take out of a rendered site what no page loads and no reader needs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from scaling_utils.book.cells import Notebook, as_text
from scaling_utils.book.files import files_below, remove
from scaling_utils.book.slim_styles import slim_styles

ICONS = "_static/scripts/fontawesome.js"
"""A third of the theme's weight; it draws again, as SVG, the icons that the style sheet draws from fonts."""

MATHJAX = "_static/mathjax/input/tex/extensions"
FONTS = "_static/mathjax/output/chtml/fonts/woff-v2"
IN_THE_BUNDLE = ("ams", "autoload", "configmacros", "newcommand", "noundefined", "require")
"""Extensions that are part of MathJax's component for LaTeX; each would also be there by itself."""

ON_REQUEST = (
    *("all-packages", "bussproofs", "cases", "centernot", "colortbl", "colorv2", "empheq", "gensymb"),
    *("mathtools", "mhchem", "noerrors", "physics", "setoptions", "tagformat", "textcomp", "textmacros"),
    "upgreek",
)
"""Extensions that load only if a formula asks for them by name (or for chemistry and proofs); none does."""

LETTERS = ("Fraktur", "SansSerif", "Script")
"""Fonts that a browser asks for only where a formula has such letters; none has."""

UNUSED = (
    *(f"{MATHJAX}/{name}.js" for name in IN_THE_BUNDLE),
    *(f"{MATHJAX}/{name}.js" for name in ON_REQUEST),
    "_static/**/*.map",  # for people who debug the theme
    "_static/locales",  # the book is in English; translations are read when it is built
    "_static/*webpack-macros.html",
    "_static/images/logo_deepnote.svg",
    "_static/images/logo_jupyterhub.svg",
    "_static/vendor/fontawesome/webfonts/fa-brands-400.*",  # logos; those of the site are images
    *(f"{FONTS}/MathJax_{name}-*.woff" for name in LETTERS),
    "_sources/**/*.png",
)

SEARCHING = ("searchtools.js", "language_data.js", "searchindex.js")
"""Scripts that the theme lets every page load; only the page of results runs them."""

_SEARCH_SCRIPT = re.compile(
    rf'\s*<script src="[^"]*(?:{"|".join(map(re.escape, SEARCHING))})[^"]*"></script>'
)
_AS_IT_IS = re.compile(r"(<(pre|script|style|textarea)\b.*?</\2>)", re.S)
_INDENT = re.compile(r"\n\s+")
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_PLAIN_CODE = re.compile(r'<span class="(?:n|nn|nx|p|pm|w)">([^<]*)</span>')
"""Names, punctuation and white space of code, which have the colour of all code."""

CHART = '<script type="application/json">'
EXPLORER = "/budget-explorer.js"
"""How a page holds a chart for Vega, and how it asks for the script that draws one anew."""


def slim(site: Path) -> None:
    """Remove what is of no use in a published site.

    Files of the theme that browsers never ask for, styles and icons that no page shows, scripts that a
    page does not run, white space and comments, and in notebooks what only the building of pages reads.

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
    slim_styles(site, pages.values())
    for path in files_below(site / "_sources", "*.ipynb"):
        notebook = lighter(json.loads(path.read_bytes()))
        text = json.dumps(notebook, ensure_ascii=False, separators=(",", ":"))
        path.write_text(f"{text}\n", encoding="utf-8")


def squeezed(page: str, *, searches: bool) -> str:
    r"""A page without indents, comments, marks of plain code and, if it does not search, the scripts for it.

    >>> page = "<body>\n\n  <p>\n   a</p> <!-- b -->\n <pre>\n  <span class=\"n\">c</span>\n</pre>\n  </body>"
    >>> squeezed(page, searches=False)
    '<body>\n<p>\na</p> \n<pre>\n  c\n</pre>\n</body>'
    """
    page = page if searches else _SEARCH_SCRIPT.sub("", page)
    return _PLAIN_CODE.sub(r"\1", _close(page))


def _close(markup: str) -> str:
    """HTML without its indents and comments, other than where they show or are no comments."""
    parts = _AS_IT_IS.split(markup)  # what lies between, what stays, the name of its element, and so on
    parts[::3] = (_INDENT.sub("\n", _COMMENT.sub("", part)) for part in parts[::3])
    del parts[2::3]
    return "".join(parts)


def lighter(notebook: Notebook) -> Notebook:
    """A notebook without numbers kept for other pages, charts that only pages can draw, indents of tables."""
    cells = [
        {**cell, "outputs": [_closed(output) for output in cell["outputs"] if _is_for_readers(output)]}
        if "outputs" in cell
        else cell
        for cell in notebook["cells"]
    ]
    return {**notebook, "cells": cells}


def _closed(output: Notebook) -> Notebook:
    if "text/html" not in output.get("data", {}):
        return output
    return {**output, "data": {**output["data"], "text/html": _close(as_text(output["data"]["text/html"]))}}


def _is_for_readers(output: Notebook) -> bool:
    data = output.get("data", {})
    kept_for_pages = "scrapbook" in output.get("metadata", {}) and "image/svg+xml" not in data
    return not kept_for_pages and CHART not in as_text(data.get("text/html", ""))


def weight(site: Path) -> int:
    """Bytes of all files of a site."""
    return sum(path.stat().st_size for path in files_below(site))
