"""The check of the learning rate: whether the rule of `peak_rate` stands."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from scaling_utils.ladder.config import LadderError, peak_rate
from scaling_utils.ladder.design import RATE_BUDGETS, RATE_FACTORS, RATE_SEEDS, RATE_WIDTHS
from scaling_utils.ladder.store import finished


@dataclass(frozen=True)
class RateComparison:
    """A multiple of the rule's rate against the rule, at one budget.

    Parameters
    ----------
    budget
        FLOPs of the runs.
    factor
        The multiple.
    difference
        Mean over widths and seeds of its loss less the loss by the rule (nats/byte).
    standard_error
        Standard error of that mean.
    by_width
        Width to the mean over seeds.
    """

    budget: float
    factor: float
    difference: float
    standard_error: float
    by_width: dict[int, float]

    @property
    def better(self) -> bool:
        """Whether the multiple is better by more than twice the standard error."""
        return self.difference < -2 * self.standard_error

    def __str__(self) -> str:
        widths = ", ".join(f"{value:+.4f} at width {width}" for width, value in self.by_width.items())
        return (
            f"{self.budget:.0e} FLOPs, {self.factor:g} x the rate: {self.difference:+.4f} "
            f"± {self.standard_error:.4f} nats/byte ({widths})"
        )


def compare_rates(folder: Path, *, corpus: str = "prose") -> list[RateComparison]:
    """Compare the rates tried with the rule, at each budget of the check.

    Parameters
    ----------
    folder
        The ladder's folder.
    corpus
        Which runs.

    Returns
    -------
    list of RateComparison
        By budget, then factor; runs of one width and seed are compared with each other.

    Raises
    ------
    LadderError
        If a run of the check is not finished.
    """
    losses = {
        (run.config.budget, run.config.width, run.config.seed, run.config.rate): run.final.loss
        for run in finished(folder)
        if run.config.corpus == corpus and run.config.role == "rate"
    }
    comparisons = []
    for budget in RATE_BUDGETS:
        for factor in (factor for factor in RATE_FACTORS if factor != 1):
            by_width: dict[int, list[float]] = defaultdict(list)
            for width in RATE_WIDTHS:
                for seed in range(RATE_SEEDS):
                    tried, rule = ((budget, width, seed, peak_rate(width, factor=f)) for f in (factor, 1.0))
                    if tried not in losses or rule not in losses:
                        raise LadderError(
                            f"the check of the rate is not finished at {budget:.0e} FLOPs, width {width}, "
                            f"seed {seed}. Train it: scaling-book ladder run {corpus}-rate"
                        )
                    by_width[width].append(losses[tried] - losses[rule])
            pairs = [difference for differences in by_width.values() for difference in differences]
            comparisons.append(
                RateComparison(
                    budget=budget,
                    factor=factor,
                    difference=mean(pairs),
                    standard_error=stdev(pairs) / math.sqrt(len(pairs)),
                    by_width={width: mean(differences) for width, differences in by_width.items()},
                )
            )
    return comparisons
