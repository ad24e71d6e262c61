"""Fragments on the measured ladder, computed from the files of its runs and from its tables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from statistics import mean, variance
from typing import TYPE_CHECKING

from scaling_utils.book.ladder_exponents import CORPORA, NOT_YET, exponents_table
from scaling_utils.book.project import Project
from scaling_utils.book.tables import scrolling, table
from scaling_utils.errors import DatasetUnavailable
from scaling_utils.figures.style import in_units, power_of_ten

if TYPE_CHECKING:
    from scaling_utils.ladder.config import Role
    from scaling_utils.ladder.store import FinishedRun


def ladder_fragments(project: Project, wanted: Collection[str]) -> dict[str, str]:
    """Markdown on the ladder by the name of its fragment.

    Parameters
    ----------
    project
        The book.
    wanted
        Names of the fragments that pages take in.
    """
    makers: dict[str, Callable[[], str]] = {
        "ladder-state.md": lambda: state_table(ladder_folder()),
        "ladder-cost.md": lambda: cost(ladder_folder()),
        "ladder-rates.md": lambda: rates_table(ladder_folder()),
        "ladder-seeds.md": lambda: seeds_table(ladder_folder()),
        "ladder-slices.md": lambda: slices_table(ladder_folder()),
        "ladder-exponents.md": lambda: exponents_table(project),
        "ladder-pair-in-slice.md": _pair_in_slice,
    }
    return {name: make() for name, make in makers.items() if name in wanted}


def ladder_folder() -> Path:
    """Where the runs of the ladder are kept."""
    from scaling_utils.runs.registry import data_folder

    return data_folder() / "ladder"


def state_table(folder: Path) -> str:
    """Markdown table of the groups of runs: how many are finished, and what they took.

    Parameters
    ----------
    folder
        The ladder's folder.
    """
    from scaling_utils.ladder.design import groups
    from scaling_utils.ladder.store import finished

    runs = {run.config.name: run for run in finished(folder)}
    rows = []
    for name, plan in groups().items():
        done = [runs[config.name] for config in plan if config.name in runs]
        sizes = sorted({config.params for config in plan})
        rows.append(
            (
                f"`{name}`",
                f"{len({config.width for config in plan})}, {in_units(sizes[0])} to {in_units(sizes[-1])}",
                str(len({config.seed for config in plan})),
                f"{len(done)} of {len(plan)}" if len(done) < len(plan) else f"all {len(plan)}",
                f"{sum(run.cpu_seconds for run in done) / 3600:.1f}" if done else "",
            )
        )
    return scrolling(table(("Group", "Sizes (params)", "Seeds", "Finished", "Core hours"), rows))


def cost(folder: Path) -> str:
    """A paragraph on what the finished runs took, on which processors, with which code and corpora.

    Parameters
    ----------
    folder
        The ladder's folder.
    """
    from scaling_utils.ladder.design import planned
    from scaling_utils.ladder.store import finished

    runs = finished(folder)
    if not runs:
        return NOT_YET
    hours = sum(run.cpu_seconds for run in runs) / 3600
    flops = sum(run.config.flops for run in runs)
    left = len({config.name for config in planned()} - {run.config.name for run in runs})
    trainings = {replace(run.config, role="isoflop", evaluations=1) for run in runs}

    def named(values: Iterable[str]) -> str:
        return ", ".join(sorted({f"`{value}`" for value in values}))

    return (
        f"**{len(runs)}** runs are finished and **{left}** are planned still. The finished ones spent "
        f"{power_of_ten(flops)} FLOPs by the rule of this page in {hours:.1f} core hours. "
        f"**{len(trainings)}** of them are different trainings: the others repeat one for a second group, "
        "and end at the same loss.\n\n"
        f"Processor: {named(run.machine for run in runs)}. "
        f"PyTorch: {named(run.versions['torch'] for run in runs)}. "
        f"SHA-256 of the training code: {named(run.recipe_sha256[:16] for run in runs)}; of the corpora: "
        f"{named(run.corpus_sha256[:16] for run in runs)}.\n"
    )


def rates_table(folder: Path) -> str:
    """Markdown table of the check of the learning rate.

    Parameters
    ----------
    folder
        The ladder's folder.
    """
    from scaling_utils.ladder.config import LadderError
    from scaling_utils.ladder.rates import compare_rates

    try:
        comparisons = compare_rates(folder)
    except LadderError:
        return NOT_YET
    widths = list(comparisons[0].by_width)
    rows = [
        (
            power_of_ten(c.budget),
            f"× {c.factor:g}",
            f"{c.difference:+.4f} ± {c.standard_error:.4f}",
            *(f"{c.by_width[width]:+.4f}" for width in widths),
            "yes" if c.better else "no",
        )
        for c in comparisons
    ]
    header = ("FLOPs", "Rate", "Change of loss", *(f"at width {width}" for width in widths), "Better")
    return scrolling(table(header, rows))


def seeds_table(folder: Path) -> str:
    """Markdown table of the spread of the final loss over seeds, by slice and pair.

    Parameters
    ----------
    folder
        The ladder's folder.
    """
    rows = []
    kinds: dict[Role, str] = {"isoflop": "slice", "pair": "pair"}
    for role, told in kinds.items():
        for (corpus, budget), runs in _slices(folder, role).items():
            repeated = [losses for losses in _by_size(runs).values() if len(losses) > 1]
            if repeated:
                freedom = sum(len(losses) - 1 for losses in repeated)
                pooled = sum((len(losses) - 1) * variance(losses) for losses in repeated) / freedom
                error = mean(run.final.standard_error for run in runs)
                spread = (str(freedom), f"{math.sqrt(pooled):.4f}", f"{error:.4f}")
                rows.append((corpus, power_of_ten(budget), told, *spread))
    header = ("Corpus", "FLOPs", "Runs", "Degrees of freedom", "SD over seeds", "Error of the held-out bytes")
    return scrolling(table(header, rows)) if rows else NOT_YET


def slices_table(folder: Path) -> str:
    """Markdown table of the measured losses by size, seeds averaged, with the lowest marked.

    Parameters
    ----------
    folder
        The ladder's folder.
    """
    slices = {key: _by_size(runs) for key, runs in _slices(folder).items()}
    if not slices:
        return NOT_YET
    sizes = sorted({size for losses in slices.values() for size in losses})
    rows = []
    for (corpus, budget), losses in slices.items():
        means = {size: mean(of_size) for size, of_size in losses.items()}
        lowest = min(means, key=lambda size: means[size])
        shown = {size: f"{value:.3f}" for size, value in means.items()}
        shown[lowest] = f"**{shown[lowest]}**"
        at_end = lowest in (min(means), max(means)) and len(means) > 1
        ends = "at an end" if at_end else "inside"
        rows.append((corpus, power_of_ten(budget), *(shown.get(size, "") for size in sizes), ends))
    header = ("Corpus", "FLOPs", *map(in_units, sizes), "Lowest")
    return scrolling(table(header, rows))


def _pair_in_slice() -> str:
    from scaling_utils.book.ladder_pair import pair_in_slice
    from scaling_utils.ladder.design import PAIR_BUDGET
    from scaling_utils.runs.registry import load

    try:
        slices, pair = load("ladder-prose"), load("ladder-prose-pair")
    except DatasetUnavailable:
        return NOT_YET
    return pair_in_slice(slices, pair, budget=PAIR_BUDGET)


def _slices(folder: Path, role: Role = "isoflop") -> dict[tuple[str, float], list[FinishedRun]]:
    """Runs of the slices or pairs finished whole, by corpus and budget, in the order of the corpora."""
    from scaling_utils.ladder.design import groups
    from scaling_utils.ladder.store import finished
    from scaling_utils.ladder.tables import in_whole_groups

    found: dict[tuple[str, float], list[FinishedRun]] = defaultdict(list)
    for run in in_whole_groups(finished(folder), groups()):
        if run.config.role == role and run.config.budget is not None:
            found[run.config.corpus, run.config.budget].append(run)
    order = list(CORPORA)
    return dict(sorted(found.items(), key=lambda item: (order.index(item[0][0]), item[0][1])))


def _by_size(runs: list[FinishedRun]) -> dict[int, list[float]]:
    """Final losses by model size."""
    losses: dict[int, list[float]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.config.params):
        losses[run.config.params].append(run.final.loss)
    return losses
