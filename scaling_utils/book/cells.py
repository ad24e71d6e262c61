"""Reading and changing the text of a notebook's cells, code fences left alone."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

Notebook = dict[str, Any]
"""A notebook of format 4 as plain JSON."""

_FENCE = re.compile(r"^(?P<fence>`{3,}|~{3,}|:{3,})(?P<info>[^`]*)$")


def on_markdown(notebook: Notebook, change: Callable[[str], str]) -> Notebook:
    """Apply a change to every markdown cell and every markdown output."""
    page = copy.deepcopy(notebook)
    for cell in page["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = change(cell["source"])
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                output["data"]["text/markdown"] = change(as_text(output["data"]["text/markdown"]))
    return page


def each_text(content: Any, change: Callable[[str], str]) -> Any:
    """Change every string in JSON content."""
    if isinstance(content, str):
        return change(content)
    if isinstance(content, list):
        return [each_text(item, change) for item in content]
    if isinstance(content, dict):
        return {key: each_text(item, change) for key, item in content.items()}
    return content


def as_text(content: str | list[str]) -> str:
    """A text that on disk may be a list of lines."""
    return content if isinstance(content, str) else "".join(content)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Apply a change to the lines that are not inside plain code fences, taken together."""
    lines = text.split("\n")
    plain = plain_lines(lines)
    parts = change("\n".join(lines[index] for index in plain)).split("\n") if plain else []
    for index, line in zip(plain, parts, strict=True):
        lines[index] = line
    return "\n".join(lines)


def plain_lines(lines: list[str]) -> list[int]:
    """Indices of the lines outside code fences; what stands inside a directive counts as outside."""
    plain: list[int] = []
    directives: list[str] = []
    code = ""
    for index, line in enumerate(lines):
        match = _FENCE.match(line.strip())
        fence, info = (match["fence"], match["info"].strip()) if match else ("", "")
        if code:
            code = "" if fence.startswith(code) and not info else code
            continue
        if fence and directives and not info and fence.startswith(directives[-1]):
            directives.pop()
        elif fence and (fence[0] == ":" or (info.startswith("{") and not info.startswith("{code"))):
            directives.append(fence)
        elif fence:
            code = fence
            continue
        plain.append(index)
    return plain
