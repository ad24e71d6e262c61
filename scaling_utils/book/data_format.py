"""The reference of the data format: what files may hold, from the schema that the readers use."""

from __future__ import annotations

from collections.abc import Callable, Collection

from scaling_utils.book.tables import table


def data_format_fragments(wanted: Collection[str]) -> dict[str, str]:
    """Text of the fragments by path below `book/generated/`.

    Parameters
    ----------
    wanted
        Names of those that pages take in.
    """
    makers: dict[str, Callable[[], str]] = {
        "data-formats.md": _formats,
        "data-names.md": _names,
        "data-values.md": _values,
        "data-template.md": _template,
        "data-template-curves.md": lambda: _template(curves=True),
    }
    return {name: make() for name, make in makers.items() if name in wanted}


def _template(*, curves: bool = False) -> str:
    from scaling_utils.runs.template import template

    return f"```text\n{template(curves=curves)}```\n"


def _formats() -> str:
    from scaling_utils.runs.sources import FORMATS

    return table(("Format", "What is read", "A row is"), [tuple(row) for row in FORMATS])


def _names() -> str:
    from scaling_utils.runs.columns import COLUMNS

    rows = [(f"`{c.name}`", ", ".join(f"`{alias}`" for alias in c.aliases)) for c in COLUMNS]
    return table(("Column", "Also read as"), rows)


def _values() -> str:
    from scaling_utils.runs.checks import LARGEST, OPTIONAL_CELLS
    from scaling_utils.runs.columns import COLUMNS

    rows = []
    for column in COLUMNS:
        if column.dtype == "text":
            rows.append((f"`{column.name}`", "text", "yes"))
            continue
        least = "above 0" if column.minimum is None else f"at least {column.minimum:g}"
        empty = "yes" if column.name in OPTIONAL_CELLS else "no"
        rows.append((f"`{column.name}`", f"a finite number, {least}, below {LARGEST:g}", empty))
    return table(("Column", "Cells", "May be empty"), rows)
