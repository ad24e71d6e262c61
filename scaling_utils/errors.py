"""Named errors: what is wrong, where, and how to mend it.

Every error a user can cause derives from `ScalingError`. The command line prints it as one
message without a traceback and exits with its `exit_code`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class ScalingError(Exception):
    """Base of all errors that a user can meet and mend."""

    exit_code = 2


class DataError(ScalingError):
    """A table of runs that cannot be read as it stands.

    Parameters
    ----------
    problem
        What is wrong, in one clause.
    file
        The file the data came from.
    rows
        One-based line numbers in that file (the header is line 1) of the offending values.
    column
        The column as the file spells it.
    remedy
        What the user can do about it.
    place
        What `rows` counts: lines of a text, rows of a binary table, steps or entries of a log.

    Examples
    --------
    >>> str(DataError("token counts must be positive", file="runs.csv", rows=[4, 9], column="D",
    ...               remedy="Were they given in billions?"))
    "runs.csv: column 'D' (lines 4, 9): token counts must be positive. Were they given in billions?"
    """

    SHOWN = 5

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        rows: list[int] | None = None,
        column: str | None = None,
        remedy: str | None = None,
        place: str = "line",
    ) -> None:
        self.problem, self.file, self.column, self.remedy = problem, file, column, remedy
        self.rows = list(rows or [])
        where = f"column {_quoted(column)}" if column is not None else ""
        if self.rows:
            shown = ", ".join(map(str, self.rows[: self.SHOWN]))
            more = len(self.rows) - self.SHOWN
            lines = _plural(place, len(self.rows)) + f" {shown}" + (f" and {more} more" if more > 0 else "")
            where = f"{where} ({lines})" if where else lines
        parts = [clip(str(file))] if file is not None else []
        parts += [where] if where else []
        message = ": ".join([*parts, problem])
        super().__init__(f"{message}. {remedy}" if remedy else message)


class ConventionError(ScalingError):
    """Quantities counted by different rules were about to be mixed."""


class DatasetUnavailable(ScalingError):
    """A known dataset is neither cached nor mirrored, and cannot be downloaded now."""


class ChecksumError(ScalingError):
    """A data file does not have the sha256 that the registry states."""


class ParameterError(ScalingError):
    """A notebook was given a parameter that it does not have, or of the wrong type."""


class BuildError(ScalingError):
    """The book could not be built; the site that stood before is untouched."""

    exit_code = 1


def clip(text: str, width: int = 120) -> str:
    r"""One printable line of at most `width` characters, for text that came from outside.

    >>> clip("a\nb")
    'a\\nb'
    """
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return line if len(line) <= width else line[: width - 1] + "…"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, and all there are.

    >>> did_you_mean("varient", ["variant", "seed"])
    "Did you mean 'variant'? There are variant, seed"
    >>> did_you_mean("varient", [])
    'There are none'
    """
    from difflib import get_close_matches

    known = list(known)
    near = get_close_matches(name, known, n=1)
    guess = f"Did you mean '{near[0]}'? " if near else ""
    return f"{guess}There are {', '.join(known) or 'none'}"


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def _quoted(name: str) -> str:
    return f"'{clip(name, 60)}'"
