"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scaling_utils.errors import ParameterError, clip

if TYPE_CHECKING:
    from scaling_utils.runs.registry import Reading

ProjectOption = Annotated[
    Path,
    typer.Option(
        "--project",
        metavar="DIR",
        show_default=False,
        help="Folder of the book; by default found from here up.",
    ),
]

RunsArgument = Annotated[
    list[str],
    typer.Argument(metavar="RUNS...", help="Files or folders of training runs, or the id of a dataset."),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="OURS=THEIRS", help="A column by the name the files give it, as in params=n_params."
    ),
]
UnitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--unit", metavar="OURS=UNIT", help="What one is, as in tokens=1e9 for billions; or loss=perplexity."
    ),
]
ConventionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--convention",
        metavar="NAME=RULE",
        help="flop_rule=6ND or reported; param_count=total, non-embedding or non-embedding-with-head; "
        "loss_unit=nats/token, nats/byte, bits/token or bits/byte.",
    ),
]
ExcludeOption = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="RUN", help="Leave out the run of this name.")
]


def reading(
    maps: list[str] | None,
    units: list[str] | None,
    conventions: list[str] | None,
    exclude: list[str] | None,
) -> Reading:
    """The options `--map`, `--unit`, `--convention` and `--exclude` as `load` and `read_runs` take them.

    Raises
    ------
    ParameterError
        If an option is not of the form NAME=VALUE, is given twice for a name, or a unit is no number.

    Examples
    --------
    >>> reading(["params=n_params"], ["tokens=1e9"], None, None)
    {'columns': {'n_params': 'params'}, 'units': {'tokens': 1000000000.0}, 'conventions': {}, 'exclude': []}
    """
    ours = _pairs("--map", maps)
    theirs: dict[str, str] = {}
    for canonical, name in ours.items():
        if name in theirs:
            raise ParameterError(f"--map names the column '{clip(name, 60)}' twice")
        theirs[name] = canonical
    return {
        "columns": theirs,
        "units": {name: _unit(name, text) for name, text in _pairs("--unit", units).items()},
        "conventions": _pairs("--convention", conventions),
        "exclude": exclude or [],
    }


def _pairs(option: str, texts: list[str] | None) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise ParameterError(f"{option} takes NAME=VALUE, not '{clip(text, 60)}'")
        if name in pairs:
            raise ParameterError(f"{option} is given twice for '{clip(name, 60)}'")
        pairs[name] = value
    return pairs


def _unit(name: str, text: str) -> float | Literal["perplexity"]:
    if text == "perplexity":
        return "perplexity"
    try:
        return float(text)
    except ValueError:
        raise ParameterError(
            f"--unit {clip(name, 40)}={clip(text, 40)}: a unit is a number such as 1e9, or 'perplexity'"
        ) from None
