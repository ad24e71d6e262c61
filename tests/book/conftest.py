"""A toy book, small enough to be built for real in a test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaling_utils.book.build import build
from scaling_utils.book.files import checksums
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import own_parameters
from scaling_utils.exchange import RESULTS_MIME

NOTEBOOK = "01-count-things"

CONFIG = """\
title: A toy book
author: Nobody
copyright: "2026"
only_build_toc_files: false
exclude_patterns: [_build, "book/generated/*"]
execute: {execute_notebooks: "off"}
parse: {myst_enable_extensions: [amsmath, colon_fence, deflist, dollarmath]}
bibtex_bibfiles: [book/references.bib]
launch_buttons: {notebook_interface: jupyterlab}
sphinx:
  recursive_update: true
  config:
    extensions:
      - sphinx_togglebutton
      - sphinx_copybutton
      - myst_nb
      - jupyter_book
      - sphinx_comments
      - sphinx_external_toc
      - sphinx_design
      - sphinx_book_theme
      - sphinxcontrib.bibtex
    mathjax_path: mathjax/startup.js
    nb_ipywidgets_js: {}
"""
TOC = """\
format: jb-book
root: book/index
chapters:
  - file: notebooks/01-count-things/small
  - file: notebooks/01-count-things/large
  - file: book/references
"""
SCENARIOS = """\
- notebook: 01-count-things
  name: small
  title: A small count
  parameters: {n_things: 3}
- notebook: 01-count-things
  name: large
  title: A large count
  parameters: {n_things: 30}
"""
INDEX = """\
# A toy book

The count is in {numref}`fig-things-small`, the law $L = E + A/N^\\alpha$ in {eq}`law-small`.
See {ref}`count-small` and {cite}`someone2020`.
"""
REFERENCES = "# References\n\n```{bibliography}\n```\n"
BIBLIOGRAPHY = """\
@article{someone2020, author = {Someone, A.}, title = {A title}, journal = {A journal}, year = {2020}}
"""


def code(source: str, *tags: str) -> dict[str, Any]:
    """A code cell without outputs."""
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code",
        "id": f"c{abs(hash(source)) % 10**9}",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def markdown(source: str) -> dict[str, Any]:
    """A markdown cell."""
    return {"cell_type": "markdown", "id": f"m{abs(hash(source)) % 10**9}", "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    """A notebook of these cells."""
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def toy_cells() -> list[dict[str, Any]]:
    """Title, parameters, equation, a figure with a name, and a published result."""
    figure = code(
        "from IPython.display import display\n"
        "print(object())\n"
        'svg = \'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>\'\n'
        "display({'image/svg+xml': svg}, raw=True)"
    )
    figure["metadata"]["mystnb"] = {"figure": {"caption": "Things.", "name": "fig-things"}}
    return [
        markdown(
            "(count)=\n# How many things?\n\nAs [the front page](../book/index.md) says, see {eq}`law`."
        ),
        code("n_things = 1  # how many\nlabel = 'thing'", "parameters"),
        markdown("$$ L = E + \\frac{A}{N^\\alpha} $$ (law)"),
        code(
            "from IPython.display import display\n"
            f"display({{{RESULTS_MIME!r}: {{'n': n_things}}}}, raw=True)\n"
            "n_things"
        ),
        figure,
    ]


class Toy:
    """A toy book on disk, with handles to change it."""

    code, markdown = staticmethod(code), staticmethod(markdown)

    def __init__(self, root: Path) -> None:
        self.project = Project(root)
        self.path = root / "notebooks" / f"{NOTEBOOK}.ipynb"
        for folder in ("book", "notebooks"):
            (root / folder).mkdir(parents=True)
        (root / "_config.yml").write_text(CONFIG)
        (root / "book/_toc.yml").write_text(TOC)
        (root / "book/index.md").write_text(INDEX)
        (root / "book/references.md").write_text(REFERENCES)
        (root / "book/references.bib").write_text(BIBLIOGRAPHY)
        (root / "notebooks/scenarios.yml").write_text(SCENARIOS)
        (root / "requirements.lock").write_text("")
        self.write(toy_cells())

    def write(self, cells: list[dict[str, Any]], *, name: str = NOTEBOOK) -> None:
        """Put other cells into a notebook."""
        self.path.with_name(f"{name}.ipynb").write_text(json.dumps(notebook(*cells)))

    def add(self, *cells: dict[str, Any]) -> None:
        """Put cells at the end of its notebook."""
        self.write([*toy_cells(), *cells])

    def parameters(self, source: str) -> dict[str, Any]:
        """What the parameters cell with this source holds."""
        self.write([markdown("# A?"), code(source, "parameters")])
        return own_parameters(self.path)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in one of its files."""
        path = self.project.root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def build(self, **options: Any) -> list[str]:
        """Build in this process; what was said."""
        said: list[str] = []
        build(self.project, **{"jobs": 2, "say": said.append, **options})
        return said

    def site(self) -> dict[str, str]:
        """Checksums of the published files."""
        html = self.project.html.resolve()
        return checksums((path for path in sorted(html.rglob("*")) if path.is_file()), html)

    def leftovers(self) -> list[str]:
        """Names below `_build` that a finished or failed build must not leave."""
        build_folder = self.project.build
        sites = [path.name for path in self.project.sites.glob("*")] if self.project.sites.is_dir() else []
        spare = sites[2:] if self.project.html.is_symlink() else sites
        partial = [path.name for path in build_folder.rglob("*.partial")]
        return spare + partial + [path.name for path in (self.project.work,) if path.exists()]


@pytest.fixture
def make_toy(tmp_path: Path) -> Callable[..., Toy]:
    """Writes a toy book into a folder."""
    return lambda folder="toy": Toy(tmp_path / folder)


@pytest.fixture
def toy(make_toy: Callable[..., Toy]) -> Toy:
    """A toy book."""
    return make_toy()


@pytest.fixture(scope="session")
def new_toy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Toy]:
    """Writes a toy book that several tests share."""
    return lambda name: Toy(tmp_path_factory.mktemp(name) / "toy")


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A toy book built once; take copies with `built`."""
    toy = Toy(tmp_path_factory.mktemp("built") / "toy")
    toy.build()
    return toy


@pytest.fixture
def built(built_once: Toy, tmp_path: Path) -> Toy:
    """A toy book that has been built, in a folder of its own."""
    shutil.copytree(built_once.project.root, tmp_path / "built", symlinks=True)
    copy = object.__new__(Toy)
    copy.project = Project(tmp_path / "built")
    copy.path = copy.project.notebooks / f"{NOTEBOOK}.ipynb"
    return copy
