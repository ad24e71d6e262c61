"""Make an executed notebook a page: the same bytes on every machine, labels of its own, its title.

All functions take and return plain notebook dictionaries (nbformat 4) and leave their input alone.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping

from scaling_utils.book.cells import Notebook, as_text, each_text, on_markdown, outside_code, plain_lines
from scaling_utils.book.labels import suffix_labels
from scaling_utils.errors import BuildError
from scaling_utils.exchange import FILES_MIME, FIT_MIME, RESULTS_MIME, STAMP_MIME

_NOT_SHOWN = {RESULTS_MIME, FIT_MIME, STAMP_MIME}
_HEADING = re.compile(r"^#\s+\S.*$")
_ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]+|\b0x7f[0-9a-fA-F]{6,}\b")
_KERNEL_FILE = re.compile(r"\bipykernel_\d+\b")
_UPWARD = re.compile(r"(?<=\]\()(?=\.\./)|(?<=\{doc\}`)(?=\.\./)|(?<=\{download\}`)(?=\.\./)|(?<=<)(?=\.\./)")

_CHART_SOURCE = "application/vnd.vegalite."

PARAMETER_CELLS = {
    "parameters": "the parameters of the notebook",
    "injected-parameters": "the parameters of this page",
}
"""Tag of a cell of parameters, and what a page calls it."""


def normalise(notebook: Notebook, *, scenario: str, title: str, places: Mapping[str, str]) -> Notebook:
    """Everything below, in order.

    Parameters
    ----------
    notebook
        As papermill wrote it.
    scenario
        Name that makes the notebook's labels unique.
    title
        What is added to the first heading.
    places
        Absolute paths and what stands for each of them in outputs.

    Raises
    ------
    BuildError
        If an output is an error, or there is no first heading.
    """
    refuse_errors(notebook)
    page = drop_chart_sources(drop_results(notebook))  # first: every other step copies what is left
    page = strip_traces(page)
    page = hide_parameters(page)
    page = scrub_outputs(page, places)
    page = deepen_links(page)
    page = suffix_labels(page, scenario)
    return add_title(page, title)


def refuse_errors(notebook: Notebook) -> None:
    """Refuse a notebook that holds an error: Sphinx would put its traceback on the page.

    Raises
    ------
    BuildError
        With the number of the cell.
    """
    for number, cell in enumerate(notebook["cells"], start=1):
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                raise BuildError(f"cell {number} of an executed notebook holds the error {output['ename']}")


def strip_traces(notebook: Notebook) -> Notebook:
    """Remove what papermill and Jupyter leave behind: times, paths, versions, random cell ids.

    >>> nb = {"cells": [{"cell_type": "markdown", "id": "f3a", "source": "x", "metadata": {"papermill": {}}}],
    ...       "metadata": {"papermill": {"duration": 1.2}}, "nbformat": 4, "nbformat_minor": 5}
    >>> strip_traces(nb)["cells"]
    [{'cell_type': 'markdown', 'id': 'cell-1', 'source': 'x', 'metadata': {}}]
    """
    page = copy.deepcopy(notebook)
    page["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    page["nbformat_minor"] = 5
    for number, cell in enumerate(page["cells"], start=1):
        cell["id"] = f"cell-{number}"
        cell["source"] = as_text(cell["source"])
        for noise in ("papermill", "execution", "collapsed", "scrolled"):
            cell["metadata"].pop(noise, None)
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("papermill", None)
    return page


def drop_results(notebook: Notebook) -> Notebook:
    """Remove the outputs that are for other pages or for the build: Sphinx warns of them."""
    return _with_outputs(
        notebook, lambda outputs: [o for o in outputs if not _NOT_SHOWN & o.get("data", {}).keys()]
    )


def drop_chart_sources(notebook: Notebook) -> Notebook:
    """Remove what Jupyter draws a chart from: pages have it in their HTML, and Sphinx warns of it.

    >>> bundle = {"application/vnd.vegalite.v6+json": {}, "text/html": ""}
    >>> output = {"output_type": "display_data", "data": bundle}
    >>> drop_chart_sources({"cells": [{"cell_type": "code", "outputs": [output]}]})["cells"][0]["outputs"]
    [{'output_type': 'display_data', 'data': {'text/html': ''}}]
    """

    def without(output: Notebook) -> Notebook:
        data = {mime: c for mime, c in output.get("data", {}).items() if not mime.startswith(_CHART_SOURCE)}
        return {**output, "data": data} if "data" in output else output

    return _with_outputs(notebook, lambda outputs: [without(output) for output in outputs])


def _with_outputs(notebook: Notebook, change: Callable[[list[Notebook]], list[Notebook]]) -> Notebook:
    """A notebook whose outputs are others; all else is shared with the one given, as it may be large."""
    cells = [
        {**cell, "outputs": change(cell["outputs"])} if "outputs" in cell else cell
        for cell in notebook["cells"]
    ]
    return {**notebook, "cells": cells}


def hide_parameters(notebook: Notebook) -> Notebook:
    """Fold away the parameters, the notebook's own and the injected ones."""
    page = copy.deepcopy(notebook)
    for cell in page["cells"]:
        tags = cell["metadata"].get("tags", [])
        for tag, name in PARAMETER_CELLS.items():
            if tag in tags:
                cell["metadata"]["tags"] = [*tags, *(["hide-input"] if "hide-input" not in tags else [])]
                cell["metadata"]["mystnb"] = {
                    "code_prompt_show": f"Show {name}",
                    "code_prompt_hide": f"Hide {name}",
                }
    return page


def scrub_outputs(notebook: Notebook, places: Mapping[str, str]) -> Notebook:
    """Replace machine paths and memory addresses in the outputs.

    Parameters
    ----------
    notebook
        Any notebook.
    places
        Absolute path: what stands for it.
    """
    page = copy.deepcopy(notebook)

    def clean(text: str) -> str:
        return scrub(text, places)

    for cell in page["cells"]:
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = clean(as_text(output["text"]))
            for mime, content in output.get("data", {}).items():
                if mime == FILES_MIME:  # coded: what looks like a path in it is none
                    continue
                if mime.endswith("json"):
                    output["data"][mime] = each_text(content, clean)
                elif mime.startswith("text/") or mime == "image/svg+xml":
                    output["data"][mime] = clean(as_text(content))
    return page


def scrub(text: str, places: Mapping[str, str]) -> str:
    """Replace machine paths and memory addresses in a text.

    >>> scrub("<A at 0x7f3a1b2c4d50> in /home/ann/book/data/x.csv", {"/home/ann/book": ".", "/home/ann": "~"})
    '<A at 0x0> in ./data/x.csv'
    """
    for path in sorted(places, key=len, reverse=True):
        if path not in text:  # a search for the pattern takes a hundred times as long
            continue
        text = re.sub(rf"(?<![\w./-]){re.escape(path)}(?![\w.-])", lambda _, p=path: places[p], text)  # type: ignore[misc]
    text = _ADDRESS.sub("0x0", text) if "0x" in text else text
    return _KERNEL_FILE.sub("ipykernel", text) if "ipykernel_" in text else text


def deepen_links(notebook: Notebook) -> Notebook:
    """Keep upward links right: the page lies one folder deeper than the notebook.

    >>> cell = {"cell_type": "markdown", "source": "[symbols](../book/glossary.md)", "metadata": {}}
    >>> deepen_links({"cells": [cell]})["cells"][0]["source"]
    '[symbols](../../book/glossary.md)'
    """
    return on_markdown(notebook, lambda text: outside_code(text, lambda part: _UPWARD.sub("../", part)))


def add_title(notebook: Notebook, title: str) -> Notebook:
    """Add the scenario's title to the first heading.

    Raises
    ------
    BuildError
        If the notebook has no heading of the first level.

    Examples
    --------
    >>> add_title({"cells": [{"cell_type": "markdown", "source": "# Why?"}]}, "Mine")["cells"][0]["source"]
    '# Why? — Mine'
    """
    page = copy.deepcopy(notebook)
    for cell in page["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        lines = cell["source"].split("\n")
        for index in plain_lines(lines):
            if _HEADING.match(lines[index]):
                lines[index] = f"{lines[index].rstrip()} — {title}"
                cell["source"] = "\n".join(lines)
                return page
    raise BuildError("the notebook has no title: begin its first cell with a line '# A question?'")


def first_heading(notebook: Notebook) -> str | None:
    r"""The text of the first heading, or None.

    >>> first_heading({"cells": [{"cell_type": "markdown", "source": "(x)=\n# Why?"}]})
    'Why?'
    """
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            lines = cell["source"].split("\n")
            for index in plain_lines(lines):
                if _HEADING.match(lines[index]):
                    return str(lines[index].lstrip("# ").strip())
    return None
