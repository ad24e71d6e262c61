"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

FRAGMENT = "commands.md"
"""The fragment that `book/commands.md` takes in."""

MARKS = re.compile(r"[\\`*_<|$\[\]{}]")
"""Characters that Markdown would read."""


def fragments(context: typer.Context) -> dict[str, str]:
    """What a command that builds the book hands to it: the reference of the program it is part of."""
    return {FRAGMENT: reference(context.find_root().command)}


def reference(command: Any, name: str = "scaling-book") -> str:
    """Every command with its arguments and options, as its help has them, in Markdown.

    Parameters
    ----------
    command
        The command at the root.
    name
        What a user types.

    Returns
    -------
    str
        The same whatever the terminal.
    """
    return "\n".join(_sections(command, name))


def _sections(command: Any, name: str, parent: typer.Context | None = None) -> Iterator[str]:
    context = typer.Context(command, parent=parent, info_name=name, **command.context_settings)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    yield f"(command-{name.replace(' ', '-')})="
    yield f"## `{name}`\n\n{_line(command.help)}\n\n```text\n{usage}\n```\n"
    records = (parameter.get_help_record(context) for parameter in command.get_params(context))
    rows = [f"| {_code(names)} | {_line(told)} |" for names, told in filter(None, records)]
    yield "\n".join(["| Argument or option | Meaning |", "| --- | --- |", *rows]) + "\n"
    for each in getattr(command, "commands", {}).values():
        if not each.hidden:
            yield from _sections(each, f"{name} {each.name}", context)


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"


def _line(text: str | None) -> str:
    """Help as one line of a table: options as code, all other characters as they are."""
    words = re.split(r"(--[\w-]+)", " ".join((text or "").split()))
    return "".join(_code(word) if word.startswith("--") else MARKS.sub(r"\\\g<0>", word) for word in words)
