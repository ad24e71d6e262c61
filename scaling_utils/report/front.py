"""The first page of a report: the runs, the verdict on every figure, numbers beside published ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scaling_utils.book.results import Results
from scaling_utils.book.tables import table
from scaling_utils.fitting.fitness import Fitness
from scaling_utils.fitting.suspicions import suspicions
from scaling_utils.published import published
from scaling_utils.report.runs import Given
from scaling_utils.report.text import plain, verbatim
from scaling_utils.report.workspace import NAME
from scaling_utils.runs.readers import describe

HEADLINES = (
    (
        "01-kaplan-compute-and-steps",
        "a_fixed",
        "$a$ at a fixed batch",
        "kaplan.alloc.p088",
        "a_fixed",
    ),
    ("01-kaplan-compute-and-steps", "alpha_N", r"$\alpha_N$ of training curves", "kaplan.LNS.fit", "alpha_N"),
    ("01-kaplan-compute-and-steps", "alpha_S", r"$\alpha_S$ of training curves", "kaplan.LNS.fit", "alpha_S"),
    ("02-training-curve-envelope", "a", "$a$ of $N_{opt}$, Approach 1", "hoff.A1", "a"),
    ("03-isoflop-profiles", "a", "$a$ of $N_{opt}$, Approach 2", "hoff.A2", "a"),
    ("04-parametric-loss", "a", "$a$ of $N_{opt}$, Approach 3", "hoff.A3", "a"),
    ("04-parametric-loss", "alpha", r"$\alpha$ of the surface", "besi.ci95", "alpha"),
    ("04-parametric-loss", "beta", r"$\beta$ of the surface", "besi.ci95", "beta"),
    ("04-parametric-loss", "E", "floor $E$ of the surface", "besi.ci95", "E"),
)
"""Notebook, key of its result, its name, id of a published value and the quantity in it."""


def front_page(
    given: Given,
    verdicts: Sequence[Fitness],
    results: Results,
    failures: Mapping[str, str],
) -> str:
    """The page as Markdown; whatever comes from the runs appears as text.

    Parameters
    ----------
    given
        The runs.
    verdicts
        What `fitness` says of them.
    results
        What the notebooks published, by (notebook, scenario).
    failures
        What went wrong, by notebook.
    """
    parts = [
        "# Your runs, in the figures of the book\n",
        _opening(verdicts, failures),
        "## Yours and published\n",
        _headlines(results),
        "## Figures\n",
        _figures(verdicts, failures),
        "## The runs\n",
        _runs(given),
        "## What looks wrong\n",
        _doubts(given),
    ]
    return "\n".join(parts)


def _opening(verdicts: Sequence[Fitness], failures: Mapping[str, str]) -> str:
    served = [verdict for verdict in verdicts if verdict.serves]
    told = f"These runs serve **{len(served)}** of **{len(verdicts)}** figures"
    failed = f"; **{len(failures)}** of them failed and say why" if failures else ""
    return f"{told}{failed}. Every chapter is a notebook of the book, executed on these runs.\n"


def _headlines(results: Results) -> str:
    rows = []
    for notebook, key, name, published_id, quantity in HEADLINES:
        ours = results.get((notebook, NAME), {}).get(key)
        if not isinstance(ours, dict) or ours.get("value") is None:
            continue
        row = published(published_id)
        stated, interval = row.values().get(quantity, math.nan), row.intervals().get(quantity)
        within = f" ({interval.low:.4g} to {interval.high:.4g})" if interval else ""
        rows.append(
            (
                name,
                f"{ours['value']:.4g}",
                f"{ours['low']:.4g} to {ours['high']:.4g}" if "low" in ours and "high" in ours else "–",
                f"{stated:.4g}{within} {{cite:p}}`{row.source.bibkey}`",
                f"{ours['value'] - stated:+.3g}",
            )
        )
    if not rows:
        return "No chapter has a number that a paper states.\n"
    return table(("Quantity", "Yours", "95 % interval", "Published", "Difference"), rows)


def _figures(verdicts: Sequence[Fitness], failures: Mapping[str, str]) -> str:
    rows = []
    for verdict in verdicts:
        title = verdict.title
        if verdict.serves:
            title = f"{{doc}}`{verdict.title} </notebooks/{verdict.notebook}/{NAME}>`"
        state = "failed" if verdict.notebook in failures else "served" if verdict.serves else "not served"
        why = failures.get(verdict.notebook, verdict.why)
        rows.append((title, state, plain(why), plain(verdict.needs.replace("`", ""))))
    return table(("Figure", "Verdict", "Why", "It needs"), rows)


def _runs(given: Given) -> str:
    rows = [(plain(label), plain(text)) for label, text in describe(given.runs)]
    if given.converted_from:
        unit = given.runs.conventions.loss_unit
        rows.append(("converted", plain(f"the loss from {given.converted_from} to {unit}")))
    return table(("", "Understood as"), rows)


def _doubts(given: Given) -> str:
    doubts = suspicions(given.runs)
    if not doubts:
        return "Nothing looks wrong in these runs.\n"
    return table(("What", "What mends it"), [(plain(doubt.what), verbatim(doubt.mend)) for doubt in doubts])
