"""The HTML that pages of the site get besides their text: how to cite them, and the files of figures."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

from scaling_utils.book.citing import Target, Work, bibtex, cite_data, csl

FORMATS = {"csv.gz": "Data (CSV)", "svg": "SVG", "png": "PNG", "pdf": "PDF"}
"""Formats of a figure, in the order in which they are listed."""

SHOWN_DIGITS = 12
"""Digits of a sha256 that a figure shows; the stamp of its page has all of them."""


def cite_box(work: Work, targets: Sequence[Target]) -> str:
    """The part "Cite this page", with entries that a script can turn into those of a section or figure.

    Parameters
    ----------
    work
        The page.
    targets
        Its sections and figures.
    """
    shown = _entry("bibtex", "BibTeX", bibtex(work))
    item = json.dumps([csl(work)], indent=2, ensure_ascii=False)
    folded = _entry("csl", "CSL-JSON", f"{item}\n", folded=True)
    return (
        '<section id="cite-this-page" class="cite-box" aria-labelledby="cite-heading">\n'
        '<h2 id="cite-heading">Cite this page'
        '<a class="headerlink" href="#cite-this-page" title="Link to this heading">#</a></h2>\n'
        '<p class="cite-what" hidden><label for="cite-target">What to cite: </label>'
        '<select id="cite-target"></select></p>\n'
        f'{shown}{folded}<p class="cite-said" role="status" aria-live="polite"></p>\n'
        f'<script type="application/json" id="cite-data">{_json(cite_data(work, targets))}</script>\n'
        "</section>\n"
    )


def _entry(name: str, title: str, text: str, *, folded: bool = False) -> str:
    """One form of the citation with its copy button, in sight or folded away."""
    button = f'<button type="button" class="cite-copy" data-copies="cite-{name}">Copy {title}</button>'
    told = (
        f'<pre id="cite-{name}" tabindex="0" role="region" aria-labelledby="cite-{name}-name">'
        f"{html.escape(text)}</pre>"
    )
    if folded:
        return (
            f'<details class="cite-entry"><summary id="cite-{name}-name">{title}</summary>\n'
            f'<div class="cite-head">{button}</div>{told}</details>\n'
        )
    return (
        f'<div class="cite-entry"><div class="cite-head"><span id="cite-{name}-name">{title}</span>'
        f"{button}</div>{told}</div>\n"
    )


def figure_footer(facts: Mapping[str, Any], *, stem: str, notebook: str, page: str, commit: str) -> str:
    """The line below a figure: its files, its notebook, and what it was made from.

    Parameters
    ----------
    facts
        What `scaling_utils.book.pictures.described` says of it.
    stem
        Address of its files without suffix, as seen from the page.
    notebook, page
        Addresses of the executed notebook and of its page.
    commit
        Commit of the build; may be empty.
    """
    name = stem.rpartition("/")[2]
    links = [
        f'<a href="{html.escape(stem)}.{suffix}" download>{title}</a>'
        for suffix, title in FORMATS.items()
        if suffix in facts["formats"]
    ]
    links.append(f'<a href="{html.escape(notebook)}" download>Notebook</a>')
    made = []
    if facts.get("data"):
        sha256 = str(facts.get("sha256") or "")[:SHOWN_DIGITS]
        shown = f" (sha256 <code>{sha256}…</code>)" if sha256 else ""
        made.append(f"Data: {html.escape(str(facts['data']))}{shown}")
    made += [f"commit <code>{html.escape(commit)}</code>"] if commit else []
    made += [f"seed {facts['seed']}"] if facts.get("seed") is not None else []
    made.append(f'<a href="{html.escape(page)}#stamp">full stamp</a>')
    return (
        f'<div class="figure-files" aria-label="Files of figure {html.escape(name)}" role="group">'
        f'{" · ".join(links)}<br><span class="figure-stamp">{" · ".join(made)}</span></div>'
    )


def picture(*, url: str, alt: str, size: Sequence[int] | None, lazy: bool, scrolls: bool) -> str:
    """An image whose place is kept free before it loads.

    Parameters
    ----------
    url, alt
        Address and description.
    size
        Width and height in CSS pixels, if known.
    lazy
        Whether it loads only when it comes into view.
    scrolls
        Whether it scrolls in a frame of its own on a narrow screen.
    """
    place = f' width="{size[0]}" height="{size[1]}"' if size else ""
    waits = ' loading="lazy" decoding="async"' if lazy else ""
    image = f'<img src="{html.escape(url)}" alt="{html.escape(alt)}"{place}{waits} />'
    frame = '<div class="figure-scroll" tabindex="0" role="group" aria-label="Figure, scrolls sideways">'
    return f"{frame}{image}</div>" if scrolls else image


def redirect_page(target: str, title: str) -> str:
    """A page that leads to where its content has moved, anchors kept."""
    to = html.escape(target)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8" />'
        f"<title>{html.escape(title)}</title>"
        f'<link rel="canonical" href="{to}" /><meta http-equiv="refresh" content="1; url={to}" />'
        f"<script>location.replace({_json(target)} + location.hash)</script></head>"
        f'<body><p>This page has moved to <a href="{to}">{to}</a>.</p></body></html>\n'
    )


def _json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
