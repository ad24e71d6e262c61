"""Table of the chapter on planning: every published law at one budget, in one convention."""

from __future__ import annotations

from scaling_utils.allocation.planning import PLANS, SUPERSEDED
from scaling_utils.allocation.rule import known_source
from scaling_utils.book.comparisons.rows import UNKNOWN, interval
from scaling_utils.book.project import Project
from scaling_utils.book.results import Results
from scaling_utils.book.tables import table
from scaling_utils.figures.style import in_units

NOTEBOOK, LAWS, FIT = "08-plan-your-run", "published-laws", "hoffmann-fit"
HEADER = (
    "Law",
    "$N_{opt}$",
    "95 % interval",
    "$D_{opt}$",
    "$D/N$",
    "times past its runs",
    "in the spread",
)


def comparison(project: Project, results: Results) -> str:
    """Best size, tokens and tokens per parameter by each law, and by our fit with its interval.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    laws, fit = results.get((NOTEBOOK, LAWS)), results.get((NOTEBOOK, FIT))
    rows: list[tuple[str, ...]] = []
    for name, law_id in PLANS.items():
        plan = ("not executed", UNKNOWN, "", "", "")
        if laws:
            size, ratio, past = (laws[f"{key}_{law_id}"] for key in ("params", "ratio", "past"))
            plan = (in_units(size), UNKNOWN, in_units(size * ratio), f"{ratio:.2g}", f"{past:,.0f}")
        spread = "superseded" if name in SUPERSEDED else "counts"
        rows.append((f"{name} {{cite:p}}`{known_source(law_id).source.bibkey}`", *plan, spread))
    if fit:
        rows.append(
            (
                "**our fit of the runs of Hoffmann et al.**",
                in_units(fit["params"]["value"]),
                interval(fit["params"], in_units),
                in_units(fit["tokens"]["value"]),
                f"{fit['tokens_per_param']['value']:.2g}",
                f"{fit['extrapolation']:,.0f}",
                "",
            )
        )
    return table(HEADER, rows)
