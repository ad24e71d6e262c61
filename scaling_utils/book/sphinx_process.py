"""Jupyter Book as a process of its own: `python -m scaling_utils.book.sphinx_process`.

It imports, and then waits on standard input for one line of JSON: `arguments` of the command, the `folder` to
work in, and in how many `jobs`.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from scaling_utils.book.child import leave_with_the_builder

if TYPE_CHECKING:
    from sphinx.application import Sphinx

OBJECTS = 200_000
"""New objects between two searches for garbage: trees of pages are made of many that stay."""

UNDECLARED = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")
"""Extensions of Jupyter Book that keep Sphinx from using several processes, only since they do not say that
it may: one works when all pages are read, the other for LaTeX alone."""

LOADED = (
    "myst_nb",
    "sphinx.builders.html",
    "sphinx.ext.intersphinx",
    "sphinx_book_theme",
    "sphinxcontrib.bibtex",
)
"""What Jupyter Book loads once it has read its settings, as far as it takes long."""


def main() -> None:
    """Run Jupyter Book, whose Sphinx reads and writes pages in several processes."""
    os.register_at_fork(after_in_child=leave_with_the_builder)
    gc.set_threshold(OBJECTS, 20, 20)
    import jupyter_book.sphinx
    import pybtex.plugin  # type: ignore[import-untyped]
    import sphinx.util.matching
    from jupyter_book.cli.main import main as jupyter_book_cli
    from sphinx.search.en import SearchEnglish

    # Each citation would search every installed package for plugins, each page find the stems of the words of
    # all, and each file of the theme translate the patterns of what is left out.
    pybtex.plugin.entry_points = functools.cache(pybtex.plugin.entry_points)
    SearchEnglish.stem = functools.cache(SearchEnglish.stem)  # type: ignore[method-assign]
    sphinx.util.matching._translate_pattern = functools.cache(sphinx.util.matching._translate_pattern)
    for name in LOADED:
        importlib.import_module(name)
    for name in UNDECLARED:
        extension = importlib.import_module(name)
        extension.setup = functools.partial(_read_safely, extension.setup)  # type: ignore[attr-defined]
    given = sys.stdin.readline()
    if not given:
        return  # there is nothing to render, as a notebook failed or the builder ended
    order = json.loads(given)
    leave_with_the_builder()
    os.chdir(order["folder"])
    # the command has no option for it
    jupyter_book.sphinx.build_sphinx = functools.partial(jupyter_book.sphinx.build_sphinx, jobs=order["jobs"])
    jupyter_book_cli(order["arguments"], prog_name="jupyter-book")


def _read_safely(setup: Callable[[Sphinx], None], app: Sphinx) -> dict[str, bool]:
    """Set up an extension and say what it does not."""
    setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    main()
