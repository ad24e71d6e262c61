"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    r"""A Markdown table; bars in cells are escaped.

    >>> print(table(("a", "b"), [("1", "x|y")]), end="")
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """
    lines = [header, ("---",) * len(header), *rows]
    return "".join(
        "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in line) + " |\n"
        for line in lines
    )


def scrolling(rows: str) -> str:
    """A table that scrolls in a frame of its own where the page is narrow."""
    return f"::::{{div}} wide\n{rows}::::\n"
