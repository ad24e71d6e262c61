"""Fragment of the page of the measured ladder: the exponent of the best size by all three approaches."""

from __future__ import annotations

from collections.abc import Callable

from scaling_utils.book.comparisons.rows import NO_DATA, UNKNOWN, fixed, interval, link, under
from scaling_utils.book.ladder_exponents import CORPORA
from scaling_utils.book.project import Project
from scaling_utils.book.results import Found, Results, pages_of
from scaling_utils.book.scenarios import Scenario
from scaling_utils.book.tables import table

HEADER = ("Corpus", "Approach", "$a$", "95 % interval", "Status")
SHOW = fixed(".3f")

STATUS: dict[str, Callable[[Found], str]] = {
    "02-training-curve-envelope": lambda ours: (
        f"{ours['status']} ({ours['n_sizes']} of {ours['n_all_sizes']} hold the frontier)"
    ),
    "03-isoflop-profiles": lambda ours: (
        f"{ours['n_interior']} of {ours['n_budgets']} budgets with a minimum inside"
    ),
    "04-parametric-loss": lambda ours: str(ours["status"]),
}
"""How the page of each approach, in their order, judges its fit."""


def on_the_ladder(project: Project, results: Results) -> str:
    """Markdown table of the exponents on each corpus, and how far they lie apart.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    pages = {
        (scenario.notebook, scenario.name): (scenario, ours)
        for notebook in STATUS
        for scenario, ours in pages_of(notebook, project, results)
    }
    rows: list[tuple[str, ...]] = []
    apart: list[str] = []
    for corpus in CORPORA:
        on_corpus = [
            (f"Approach {number}", *pages[page])
            for number, page in enumerate(((notebook, f"ladder-{corpus}") for notebook in STATUS), start=1)
            if page in pages
        ]
        rows += under(corpus, (_row(*page) for page in on_corpus))
        apart += _apart(corpus, [ours["a"] for *_, ours in on_corpus if ours])
    return table(HEADER, rows) + "".join(f"\n{told}\n" for told in apart)


def _row(name: str, scenario: Scenario, ours: Found | None) -> tuple[str, ...]:
    if ours is None:
        return link(scenario, name), NO_DATA, "", ""
    a = ours["a"]
    value = UNKNOWN if a["value"] is None else SHOW(a["value"])
    return link(scenario, name), value, interval(a, SHOW), STATUS[scenario.notebook](ours)


def _apart(corpus: str, exponents: list[Found]) -> list[str]:
    """How far the exponents lie apart, where all are known with their intervals."""
    if len(exponents) < len(STATUS) or not all("low" in a and "high" in a for a in exponents):
        return []
    values = [a["value"] for a in exponents]
    low, high = max(a["low"] for a in exponents), min(a["high"] for a in exponents)
    shared = f"all three intervals hold {SHOW(low)} to {SHOW(high)}"
    if low > high:
        shared = "no value lies in all three intervals"
    return [f"On {corpus} the exponents lie {SHOW(max(values) - min(values))} apart; {shared}."]
