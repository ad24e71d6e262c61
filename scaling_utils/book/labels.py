"""Labels of a notebook, made unique for each scenario that it runs on."""

from __future__ import annotations

import re
from typing import Any

from scaling_utils.book.cells import Notebook, on_markdown, outside_code

_LABEL = r"[A-Za-z0-9][\w.:+-]*"
_DEFINED = (
    re.compile(rf"^(\s*\()({_LABEL})(\)=\s*)$", re.M),
    re.compile(rf"^(\s*:(?:name|label):\s*)({_LABEL})(\s*)$", re.M),
    re.compile(rf"(\$\$[ \t]*\()({_LABEL})(\)[ \t]*)$", re.M),
)
_USED = (
    re.compile(rf"(\{{(?:ref|numref|eq)\}}`)({_LABEL})(`)"),
    re.compile(rf"(\{{(?:ref|numref|eq)\}}`[^`<]*<)({_LABEL})(>`)"),
    re.compile(rf"(\]\(#?)({_LABEL})(\))"),
    re.compile(rf"(<(?:project:)?#)({_LABEL})(>)"),
)


def suffix_labels(notebook: Notebook, scenario: str) -> Notebook:
    r"""Give the labels that a notebook defines, and its references to them, the scenario's name.

    Labels of other pages are left alone. Covered are `(label)=`, `:name:` and `:label:` options,
    `$$ ... $$ (label)`, the names that cell metadata give to figures, and as references
    `{ref}`, `{numref}`, `{eq}`, `[text](#label)`, `[text](label)` and `<project:#label>`.

    >>> text = "(fit)=\n## Fit\n\nSee {ref}`fit` and {ref}`glossary`."
    >>> cell = {"cell_type": "markdown", "source": text, "metadata": {}}
    >>> print(suffix_labels({"cells": [cell]}, "mine")["cells"][0]["source"])
    (fit-mine)=
    ## Fit
    <BLANKLINE>
    See {ref}`fit-mine` and {ref}`glossary`.
    """
    defined = defined_labels(notebook)

    def rename(match: re.Match[str]) -> str:
        before, label, after = match.groups()
        return f"{before}{label}-{scenario}{after}" if label in defined else match.group()

    def rewrite(part: str) -> str:
        for pattern in (*_DEFINED, *_USED):
            part = pattern.sub(rename, part)
        return part

    page = on_markdown(notebook, lambda text: outside_code(text, rewrite))
    for holder in _named_renders(page):
        holder["name"] = f"{holder['name']}-{scenario}"
    return page


def defined_labels(notebook: Notebook) -> set[str]:
    r"""The labels that a notebook defines, in markdown and in cell metadata.

    >>> sorted(defined_labels({"cells": [{"cell_type": "markdown", "source": "(a)=\n# A", "metadata": {}}]}))
    ['a']
    """
    found = {holder["name"] for holder in _named_renders(notebook)}

    def collect(part: str) -> str:
        for pattern in _DEFINED:
            found.update(match.group(2) for match in pattern.finditer(part))
        return part

    on_markdown(notebook, lambda text: outside_code(text, collect))
    return found


def _named_renders(notebook: Notebook) -> list[dict[str, Any]]:
    """Places in cell metadata where MyST-NB takes the label of a figure, image or table from."""
    holders = []
    for cell in notebook["cells"]:
        for namespace in ("mystnb", "render"):
            render = cell["metadata"].get(namespace, {})
            holders += [
                render[kind]
                for kind in ("figure", "image", "table")
                if isinstance(render.get(kind), dict) and "name" in render[kind]
            ]
    return holders
