"""Render the staged tree with Jupyter Book, bring MathJax and Vega along, and check the finished site."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path

from scaling_utils.book.accessible import say_what_is_shown
from scaling_utils.book.anchors import check_anchors
from scaling_utils.book.config import MATHJAX_PATH, read_mapping, toc_pages
from scaling_utils.book.editions import VERSIONS, versions_file
from scaling_utils.book.files import files_below, remove
from scaling_utils.book.project import Project
from scaling_utils.book.renderer import Renderer
from scaling_utils.book.slim import CHART, EXPLORER, slim
from scaling_utils.errors import BuildError, clip
from scaling_utils.files import write_whole

MATHJAX_PARTS = ("core", "input/tex", "output/chtml", "a11y/assistive-mml")
"""Components of MathJax: from LaTeX to HTML, with MathML beside it for those who hear a page."""

MATHJAX_FONTS = "output/chtml/fonts/tex"
"""What `output/chtml` asks for once it is there; asked for beside it, it may arrive too early."""

MATHJAX_READY = """\
() => MathJax.startup.defaultPageReady().then(() => {
  for (const formula of document.querySelectorAll('mjx-container[display="true"]'))
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
})"""
"""What happens once formulas are set: those that scroll can be reached by keyboard."""

_SHOWN = 20
_LOADING_LINKS = {
    *("stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch"),
    *("icon", "apple-touch-icon", "manifest"),
}
_REMOTE = re.compile(r"^\s*(?:https?:)?//", re.I)
_REMOTE_CSS = re.compile(r"""(?:url\(\s*|@import\s+)["']?\s*((?:https?:)?//[^"')\s]+)""", re.I)
_REMOTE_SCRIPT = re.compile(r"""["'](https?://[^"'\s]+\.m?js)\b""")
_TRACEBACKS = ("Traceback (most recent call last)", 'class="output traceback')


def render(project: Project, renderer: Renderer, *, strict: bool = True, jobs: int = 1) -> Path:
    """Render the staged tree; a warning is an error.

    Parameters
    ----------
    project
        The book, staged.
    renderer
        What reads and writes the pages.
    strict
        Whether a warning is an error. A preview lacks pages to which those it shows may refer.
    jobs
        How many processes read and write pages.

    Returns
    -------
    pathlib.Path
        The folder of the finished and checked site, below the scratch folder of the build.

    Raises
    ------
    BuildError
        If Sphinx warned or failed, or the site is not whole.
    """
    output = project.work / "render"
    remove(output)
    output.mkdir(parents=True)
    renderer.run(output, config=project.config, strict=strict, jobs=jobs)
    site = output / "_build" / "html"
    remove(site / ".buildinfo")
    add_mathjax(site)
    texts = (path.read_text(encoding="utf-8") for path in files_below(site, "*.html"))
    if any(chart in text for text in texts for chart in (CHART, EXPLORER)):
        add_vega(site, project.home)
    for document in (project.claims, project.results):
        shutil.copyfile(document, site / document.name)
    write_whole(site / VERSIONS, versions_file([(version("scaling-laws-book"), "")]))
    slim(site)
    say_what_is_shown(site)
    pages = toc_pages(project, read_mapping(project.staged_toc, project.toc.name))
    check_site(site, pages)
    if strict:  # pages that were not executed are left out, and their anchors
        check_anchors(project, site, pages)
    return site


def add_mathjax(site: Path) -> None:
    """Copy into a site what MathJax needs: its components, the fonts, and the extensions it loads on demand.

    Its ready-made bundles hold a menu besides, a third of their weight, most of whose entries ask for files
    that no bundle brings.

    Raises
    ------
    BuildError
        If the package with the files is not installed.
    """
    # The package's name is not an identifier, and importing it would pull in Sphinx.
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.submodule_search_locations:
        raise BuildError(
            "sphinx-mathjax-offline is not installed; set up the environment again with: make setup"
        )
    source = Path(spec.submodule_search_locations[0]) / "static" / "mathjax"
    target = site / "_static" / Path(MATHJAX_PATH).parent
    target.mkdir(parents=True, exist_ok=True)
    settings = f"loader: {{load: {json.dumps(MATHJAX_PARTS)}}}, startup: {{pageReady: {MATHJAX_READY}}}"
    loaded = f"window.MathJax = {{{settings}, ...window.MathJax}};\n"
    startup = Path(MATHJAX_PATH).name
    (target / startup).write_text(loaded + (source / startup).read_text(encoding="utf-8"), encoding="utf-8")
    for part in (*MATHJAX_PARTS, MATHJAX_FONTS):
        path = target / f"{part}.js"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / f"{part}.js", path)
    for part in ("input/tex/extensions", "output/chtml/fonts/woff-v2"):
        shutil.copytree(source / part, target / part, dirs_exist_ok=True)


def add_vega(site: Path, kept: Path) -> None:
    """Write into a site the library that draws its interactive charts: Vega, Vega-Lite and Vega-Embed.

    Parameters
    ----------
    site
        Folder with `_static`.
    kept
        Folder in which the bundle is kept for the next build; making it takes seconds.
    """
    import vl_convert

    bundle = kept / f"vega-{version('vl-convert-python')}.js"
    if not bundle.is_file():
        code = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
        # a module, made a plain script so that it works from a file too; its names stay within a function
        write_whole(bundle, f'(() => {{"use strict";{code}}})();\n')
    shutil.copyfile(bundle, site / "_static" / "vega.js")


def check_site(site: Path, pages: list[str]) -> None:
    """Check that a site is whole, holds no traceback, and loads nothing from another host.

    Parameters
    ----------
    site
        Folder with `index.html`.
    pages
        Names of the pages that must be there.

    Raises
    ------
    BuildError
        With everything that is wrong.
    """
    problems = [
        f"{name}.html is missing" for name in ["index", *pages] if not (site / f"{name}.html").is_file()
    ]
    for path in files_below(site):
        name = path.relative_to(site).as_posix()
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            problems += [f"{name} holds a traceback"] * any(mark in text for mark in _TRACEBACKS)
            problems += [f"{name} loads {clip(url)} from another host" for url in remote_loads(text)]
        elif path.suffix == ".css":
            text = path.read_text(encoding="utf-8", errors="replace")
            problems += [f"{name} loads {clip(url)} from another host" for url in _REMOTE_CSS.findall(text)]
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        listed = "\n  ".join([*problems[:_SHOWN], *more])
        raise BuildError(f"the rendered site is not fit to publish; the one before is untouched\n  {listed}")


def remote_loads(page: str) -> list[str]:
    """Addresses on other hosts that a browser would load to show a page; links to follow do not count.

    >>> remote_loads('<a href="https://a.org">x</a><script src="https://b.org/c.js"></script>')
    ['https://b.org/c.js']
    """
    parser = _Loads()
    parser.feed(page)
    parser.close()
    return sorted(set(parser.found))


class _Loads(HTMLParser):
    """Collects what the tags of a page load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._inside = tag
        urls = [given.get(name, "") for name in ("src", "data", "poster")]
        urls += [part.split()[0] for part in given.get("srcset", "").split(",") if part.split()]
        if tag == "link" and _LOADING_LINKS & set(given.get("rel", "").lower().split()):
            urls.append(given.get("href", ""))
        self.found += [url.strip() for url in urls if _REMOTE.match(url)]
        self.found += _REMOTE_CSS.findall(given.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.found += _REMOTE_CSS.findall(data)
        elif self._inside == "script":
            self.found += _REMOTE_SCRIPT.findall(data)
