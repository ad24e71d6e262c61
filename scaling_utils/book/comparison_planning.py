"""Table of the chapter on planning: every published law at one budget, in one convention."""

from __future__ import annotations

from scaling_utils.allocation.planning import PLANS, SUPERSEDED
from scaling_utils.allocation.rule import known_source
from scaling_utils.book.generated import Results, table
from scaling_utils.book.project import Project
from scaling_utils.figures.style import in_units

NOTEBOOK, LAWS, FIT = "08-plan-your-run", "published-laws", "hoffmann-fit"


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
        source = known_source(law_id)
        size, ratio, past = (
            (laws[f"params_{law_id}"], laws[f"ratio_{law_id}"], laws[f"past_{law_id}"])
            if laws
            else (None, None, None)
        )
        rows.append(
            (
                f"{name} {{cite:p}}`{source.source.bibkey}`",
                "not executed" if size is None else in_units(size),
                "–",
                "" if size is None else in_units(size * ratio),
                "" if ratio is None else f"{ratio:.2g}",
                "" if past is None else f"{past:,.0f}",
                "superseded" if name in SUPERSEDED else "counts",
            )
        )
    if fit:
        size = fit["params"]
        rows.append(
            (
                "**our fit of the runs of Hoffmann et al.**",
                in_units(size["value"]),
                f"{in_units(size['low'])} to {in_units(size['high'])}",
                in_units(fit["tokens"]["value"]),
                f"{fit['tokens_per_param']['value']:.2g}",
                f"{fit['extrapolation']:,.0f}",
                "",
            )
        )
    header = (
        "Law",
        "$N_{opt}$",
        "95 % interval",
        "$D_{opt}$",
        "$D/N$",
        "times past its runs",
        "in the spread",
    )
    return table(header, rows)
