"""The figures that executed notebooks keep: their files, their stamps, and where pages place them."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from scaling_utils.book.cells import Notebook, as_text, on_markdown, outside_code
from scaling_utils.book.files import digest
from scaling_utils.exchange import FILES_MIME, STAMP_MIME

FOLDER = "figures"
"""Folder of the figures in the staged tree, by notebook and scenario."""

_GLUED = re.compile(r"\{glue:figure\} *([\w.-]+)")
_SVG = re.compile(r"<svg\b[^>]*>")
_SIDE = r'\s{}="([\d.]+)pt"'


def kept_figures(notebook: Notebook) -> dict[str, bytes]:
    """Files of the figures that a notebook kept under a name, for pages that show them.

    >>> output = {"metadata": {"scrapbook": {"name": "fit"}}, "data": {"image/svg+xml": "<svg/>"}}
    >>> kept_figures({"cells": [{"outputs": [output]}]})
    {'fit.svg': b'<svg/>'}
    """
    found: dict[str, bytes] = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            glued = output.get("metadata", {}).get("scrapbook")
            for mime, content in output.get("data", {}).items() if glued else ():
                kind = mime.removeprefix(glued.get("mime_prefix", ""))
                if kind == "image/svg+xml":
                    found[f"{glued['name']}.svg"] = as_text(content).encode()
                elif kind == "image/png":
                    found[f"{glued['name']}.png"] = base64.b64decode(as_text(content))
                elif kind == FILES_MIME:
                    for suffix, coded in content.items():
                        found[f"{glued['name']}.{suffix}"] = base64.b64decode(coded)
    return found


def offered(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of figures as a site offers them: tables of points compressed.

    >>> offered({"fit.svg": b"<svg/>", "fit.csv": b"x"}).keys()
    dict_keys(['fit.svg', 'fit.csv.gz'])
    """
    return {
        f"{name}.gz" if name.endswith(".csv") else name: (
            gzip.compress(content, mtime=0) if name.endswith(".csv") else content
        )
        for name, content in files.items()
    }


def stamp_of(notebook: Notebook) -> dict[str, Any]:
    """What a notebook says it was made from (data, sha256, seed); empty if it does not say."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if STAMP_MIME in output.get("data", {}):
                return dict(output["data"][STAMP_MIME])
    return {}


def place_figures(notebook: Notebook, *, folder: str) -> Notebook:
    r"""Show the figures of a notebook from their files, and take them out of its hidden outputs.

    A figure then has one address in the site, and the notebook that readers download stays small.

    Parameters
    ----------
    notebook
        A normalised notebook.
    folder
        Where the files of `kept_figures` are, as seen from the page.

    Examples
    --------
    >>> kept = {"metadata": {"scrapbook": {"name": "fit"}}, "data": {"image/svg+xml": "<svg/>"}}
    >>> drawn = {"cell_type": "code", "metadata": {}, "outputs": [kept]}
    >>> text = {"cell_type": "markdown", "source": "```{glue:figure} fit\n:name: a\n```", "metadata": {}}
    >>> print(place_figures({"cells": [drawn, text]}, folder="../figures")["cells"][1]["source"])
    ```{figure} ../figures/fit.svg
    :name: a
    ```
    """
    names = {name.removesuffix(".svg") for name in kept_figures(notebook) if name.endswith(".svg")}

    def place(match: re.Match[str]) -> str:
        return f"{{figure}} {folder}/{match[1]}.svg" if match[1] in names else match.group()

    page = on_markdown(notebook, lambda text: outside_code(text, lambda part: _GLUED.sub(place, part)))
    for cell in page["cells"]:
        hidden = "remove-output" in cell["metadata"].get("tags", [])
        for output in cell.get("outputs", []) if hidden else ():
            if "scrapbook" in output.get("metadata", {}):
                for mime in (FILES_MIME, "image/svg+xml"):
                    output["data"].pop(mime, None)
    return page


def size_of(svg: bytes) -> tuple[int, int] | None:
    """Width and height of a figure in CSS pixels; None where the file does not say.

    >>> size_of(b'<svg height="72pt" version="1.1" width="144pt">')
    (192, 96)
    """
    head = _SVG.search(svg[:2000].decode(errors="replace"))
    sides = [re.search(_SIDE.format(side), head[0]) if head else None for side in ("width", "height")]
    width, height = (round(float(side[1]) * 4 / 3) if side else 0 for side in sides)
    return (width, height) if width and height else None


def described(files: Mapping[str, bytes], stamp: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What pages say about each figure: its formats, its size, a digest of its files, its stamp.

    Parameters
    ----------
    files
        What `offered` made of them.
    stamp
        What `stamp_of` found.

    Returns
    -------
    dict
        By name of the figure.
    """
    told = {}
    for name, content in files.items():
        stem, _, suffix = name.rpartition(".")
        if suffix == "svg":
            others = [s for s in ("svg", "png", "pdf", "csv.gz") if f"{stem}.{s}" in files]
            told[stem] = {
                "formats": others,
                "size": size_of(content),
                "digest": digest([sha256(files[f"{stem}.{s}"]).hexdigest() for s in others]),
                **stamp,
            }
    return told
