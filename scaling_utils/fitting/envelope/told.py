"""What a page says of a frontier, in words that follow the numbers."""

from __future__ import annotations

import re
from itertools import pairwise

import pandas as pd

from scaling_utils.errors import clip
from scaling_utils.results.envelope import EnvelopeFit
from scaling_utils.runs.table import RunTable

CONSTANT = "constant"
"""The schedule under which a point within a run stands for the end of a shorter one."""

RATES = ("learning_rate", "lr")
"""Last parts of the names of columns of learning rates, as in ``train/learning_rate``."""

DECAYED = 0.5
"""A rate that ends below this share of its peak was not constant."""


def bend_in_words(*slopes: float) -> str:
    """How the loss goes on falling, from the slopes g of successive parts of the frontier.

    Parameters
    ----------
    slopes
        From the smallest budgets to the largest.

    Examples
    --------
    >>> bend_in_words(0.070, 0.052, 0.037)
    'ever more slowly'
    >>> bend_in_words(0.110, 0.054, 0.113)
    'neither ever more slowly nor ever faster'
    """
    if all(one > other for one, other in pairwise(slopes)):
        return "ever more slowly"
    if all(one < other for one, other in pairwise(slopes)):
        return "ever faster"
    return "neither ever more slowly nor ever faster"


def frontier_facts(runs: RunTable, fit: EnvelopeFit) -> dict[str, float | str]:
    """Counts, shares and sentences on a frontier, for prose.

    Parameters
    ----------
    runs
        The runs that `fit` was made from.
    fit
        Result of `fit_envelope`.
    """
    return {
        "status": fit.status,
        "n_runs": str(fit.n_runs),
        "n_sizes": str(fit.n_sizes),
        "n_all_sizes": str(runs.frame["params"].nunique()),
        "interior_share": fit.interior_share,
        "late_share": fit.late_share,
        "failed_share": fit.failed_share,
        "bend_told": bend_in_words(*(third.g.value for third in fit.thirds)),
        "schedules": ", ".join(schedules(runs)),
        "schedule_told": schedule_in_words(runs, fit),
    }


def schedules(runs: RunTable) -> list[str]:
    """The learning-rate schedules that the runs name in the column `schedule`, sorted; none if unnamed."""
    if "schedule" not in runs.frame:
        return []
    return sorted(map(str, runs.frame["schedule"].dropna().unique()))


def schedule_in_words(runs: RunTable, fit: EnvelopeFit) -> str:
    """What the schedule of these runs makes of the points within them, in a sentence."""
    named, column = schedules(runs), _decaying_rate(runs)
    if named == [CONSTANT]:
        return "The learning rate of these runs is constant."
    if not named and column is None:
        return "These curves name no schedule of the learning rate."
    known = f"schedule: {', '.join(named)}" if named else f"it falls in column {column}"
    return (
        f"The learning rate of these runs is not constant ({clip(known, 100)}), and "
        f"{1 - fit.late_share:.0%} of the frontier's points come before the last part of their run: a run "
        "that ended there would have decayed its rate and reached another loss, so these exponents are not "
        "those of finished runs."
    )


def _decaying_rate(runs: RunTable) -> str | None:
    """The column of learning rates that fall along most runs, if there is one."""
    for column in runs.frame:
        if re.split(r"\W", str(column).casefold())[-1] in RATES:
            rates = pd.to_numeric(runs.frame[column], errors="coerce").groupby(runs.frame["run_id"])
            if (rates.last() < DECAYED * rates.max()).mean() > 1 / 2:
                return str(column)
    return None
