"""Table of the chapter on the parametric loss: published constants beside both readings of the runs."""

from __future__ import annotations

from scaling_utils.book.comparisons.rows import (
    NO_DATA,
    NOT_AT_HAND,
    UNKNOWN,
    beside,
    difference,
    fixed,
    share,
    span,
)
from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results
from scaling_utils.book.tables import table
from scaling_utils.figures.style import in_units
from scaling_utils.published import published

NOTEBOOK = "04-parametric-loss"
OURS, COLOUR = "hoffmann2022-fig4", "hoffmann2022-fig4-colour"
FORMATS = {"E": ".3f", "A": ".1f", "B": ".0f", "alpha": ".4f", "beta": ".4f", "a": ".4f"}
SYMBOLS = {"alpha": r"$\alpha$", "beta": r"$\beta$"}


def comparison(project: Project, results: Results) -> str:
    """Two tables: our reading against the published refit, and the refit repeated on its own points.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    ours, colour = (results.get((NOTEBOOK, name)) for name in (OURS, COLOUR))
    told = "" if ours and colour else NOT_AT_HAND
    return (
        "**This reading of the figure**, beside the refit that {cite:t}`besiroglu2024chinchilla` print:\n\n"
        f"{_against_print(ours)}\n"
        "**The points of that refit**, fitted anew with two objectives:\n\n"
        f"{_repeated(colour)}{told}"
    )


def _against_print(ours: Found | None) -> str:
    stated = published("besi.ci95")
    values, intervals = stated.values(), stated.intervals()
    values = values | {"a": values["beta"] / (values["alpha"] + values["beta"])}
    rows: list[tuple[str, ...]] = []
    for name, spec in FORMATS.items():
        show, printed = fixed(spec), intervals.get(name)
        rows.append(
            (
                symbol(name),
                show(values[name]),
                span(printed.low, printed.high, show) if printed else UNKNOWN,
                *beside(ours and ours[name], values[name], show, difference(spec)),
            )
        )
    rows.append(_sizes(ours))
    return table(("", "published", "its interval", "ours", "95 % interval", "difference"), rows)


def _sizes(ours: Found | None) -> tuple[str, ...]:
    name = "$N_{opt}$ at the Gopher budget"
    if not ours:
        return name, "", "", NO_DATA, "", ""
    theirs = ours["params_besiroglu"]
    return name, in_units(theirs), UNKNOWN, *beside(ours["params_projected"], theirs, in_units, share(".0%"))


def _repeated(colour: Found | None) -> str:
    stated, errors = published("besi.ci95"), published("besi.se").values()
    rows: list[tuple[str, ...]] = []
    for name in ("E", "A", "B", "alpha", "beta"):
        show, coarse = (fixed(".2f"), fixed(".0f")) if name in "AB" else (fixed(".4f"), fixed(".3f"))
        printed = f"{show(stated.values()[name])} ± {show(errors[name])}"
        ends = stated.intervals()[name]
        refits = (NO_DATA, "", "", "")
        if colour:
            refits = (
                show(colour[f"{name}_lad"]["value"]),
                show(colour[name]["value"]),
                show(colour[f"sd_{name}"]),
                span(colour[f"pct_low_{name}"], colour[f"pct_high_{name}"], coarse),
            )
        rows.append((symbol(name), printed, span(ends.low, ends.high, fixed("g")), *refits))
    header = (
        "",
        "printed ± error",
        "printed interval",
        "least absolute",
        "Huber",
        "Huber bootstrap sd",
        "its 95 % percentiles",
    )
    return table(header, rows)


def symbol(name: str) -> str:
    """A parameter of the law in TeX."""
    return SYMBOLS.get(name, f"${name}$")
