"""Table of the chapter on the parametric loss: published constants beside both readings of the runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scaling_utils.book.generated import NOT_AT_HAND, Results, table
from scaling_utils.book.project import Project
from scaling_utils.figures.style import in_units
from scaling_utils.published import published

NOTEBOOK = "04-parametric-loss"
OURS, COLOUR = "hoffmann2022-fig4", "hoffmann2022-fig4-colour"
STYLES = {"E": "{:.3f}", "A": "{:.1f}", "B": "{:.0f}", "alpha": "{:.4f}", "beta": "{:.4f}", "a": "{:.4f}"}
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


def _against_print(ours: Mapping[str, Any] | None) -> str:
    stated = published("besi.ci95")
    values, intervals = stated.values(), stated.intervals()
    values = values | {"a": values["beta"] / (values["alpha"] + values["beta"])}
    rows: list[tuple[str, ...]] = []
    for name, style in STYLES.items():
        interval = intervals.get(name)
        span = f"{style.format(interval.low)} to {style.format(interval.high)}" if interval else "–"
        mine = (
            (
                style.format(ours[name]["value"]),
                f"{style.format(ours[name]['low'])} to {style.format(ours[name]['high'])}",
                style.replace(":", ":+").format(ours[name]["value"] - values[name]),
            )
            if ours
            else ("no data at hand", "", "")
        )
        rows.append((symbol(name), style.format(values[name]), span, *mine))
    rows.append(_sizes(ours))
    return table(("", "published", "its interval", "ours", "95 % interval", "difference"), rows)


def _sizes(ours: Mapping[str, Any] | None) -> tuple[str, ...]:
    if not ours:
        return ("$N_{opt}$ at the Gopher budget", "", "", "no data at hand", "", "")
    size, theirs = ours["params_projected"], ours["params_besiroglu"]
    return (
        "$N_{opt}$ at the Gopher budget",
        in_units(theirs),
        "–",
        in_units(size["value"]),
        f"{in_units(size['low'])} to {in_units(size['high'])}",
        f"{size['value'] / theirs - 1:+.0%}",
    )


def _repeated(colour: Mapping[str, Any] | None) -> str:
    stated, errors = published("besi.ci95"), published("besi.se").values()
    rows: list[tuple[str, ...]] = []
    for name in ("E", "A", "B", "alpha", "beta"):
        style, coarse = ("{:.2f}", "{:.0f}") if name in "AB" else ("{:.4f}", "{:.3f}")
        value, interval = stated.values()[name], stated.intervals()[name]
        printed = f"{style.format(value)} ± {style.format(errors[name])}"
        span = f"{interval.low:g} to {interval.high:g}"
        if not colour:
            rows.append((symbol(name), printed, span, "no data at hand", "", "", ""))
            continue
        low, high, spread = (colour[f"{end}_{name}"] for end in ("pct_low", "pct_high", "sd"))
        rows.append(
            (
                symbol(name),
                printed,
                span,
                style.format(colour[f"{name}_lad"]["value"]),
                style.format(colour[name]["value"]),
                style.format(spread),
                f"{coarse.format(low)} to {coarse.format(high)}",
            )
        )
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
