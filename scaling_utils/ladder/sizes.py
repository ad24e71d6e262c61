"""The two sizes to train side by side: by Kaplan's recipe and by Approach 1, refitted on other runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scaling_utils.allocation.recipe_fits import fit_recipe, layer_params
from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.ladder.config import VOCAB, LadderError
from scaling_utils.ladder.design import DEPTHS
from scaling_utils.ladder.store import FinishedRun, finished
from scaling_utils.results import PowerLaw
from scaling_utils.runs.table import RunTable

Count = Callable[[int, int], int]
"""Parameters of a width and a depth."""


@dataclass(frozen=True)
class PredictedSize:
    """The size that a recipe would train with a budget.

    Parameters
    ----------
    recipe
        ``"kaplan"`` or ``"approach-1"``.
    law
        N_opt = k C^a as the recipe counts N and C.
    params
        The size predicted (parameters), as the recipe counts.
    width, depth
        The nearest shape of the ladder.
    trained
        Parameters of that shape, as the recipe counts.
    """

    recipe: str
    law: PowerLaw
    params: float
    width: int
    depth: int
    trained: int

    def __str__(self) -> str:
        return (
            f"{self.recipe}: N = {self.params:,.0f} by {self.law.coefficient.value:.3g} C^"
            f"{self.law.exponent.value:.3f}; nearest shape {self.width}x{self.depth}, N = {self.trained:,}"
        )


def predict_sizes(
    folder: Path, *, corpus: str, budget: float, up_to: float
) -> tuple[PredictedSize, PredictedSize]:
    """Predict the best size for a budget by Kaplan's recipe and by Approach 1.

    Parameters
    ----------
    folder
        The ladder's folder.
    corpus
        Which runs.
    budget
        FLOPs to be spent, 6 N D with the output layer in N.
    up_to
        Only slices of at most this budget (FLOPs) take part.

    Returns
    -------
    tuple of PredictedSize
        Kaplan's first.

    Raises
    ------
    LadderError
        If the runs that a recipe is fitted to are not finished.

    Notes
    -----
    Both take the lower envelope of training curves. Approach 1 takes those of the slices, each with a
    schedule of its own length. Kaplan's recipe takes those of the fixed-steps runs, one schedule for all
    lengths, and leaves the output layer out of N and of C.
    """
    runs = [run for run in finished(folder) if run.config.corpus == corpus]
    slices = [
        run for run in runs if run.config.role == "isoflop" and (run.config.budget or math.inf) <= up_to
    ]
    fixed = [run for run in runs if run.config.role == "fixed-steps"]
    return (
        _predict("kaplan", fixed, _held_out_points, layer_params, budget),
        _predict("approach-1", slices, _training_points, _layers_and_output, budget),
    )


def _predict(
    recipe: str,
    runs: list[FinishedRun],
    points: Callable[[FinishedRun], Iterable[tuple[int, float]]],
    count: Count,
    budget: float,
) -> PredictedSize:
    rows = [
        {
            "run_id": run.config.name,
            "params": count(run.config.width, run.config.depth),
            "tokens": step * run.config.tokens_per_step,
            "loss": loss,
        }
        for run in runs
        for step, loss in points(run)
    ]
    try:
        table = RunTable.from_frame(
            pd.DataFrame(rows, columns=["run_id", "params", "tokens", "loss"]),
            conventions=Conventions(param_count="non-embedding", loss_unit="nats/byte"),
            source=f"runs for {recipe}",
        )
        law = fit_recipe(table).params_law
    except DataError as error:
        raise LadderError(f"the recipe {recipe} cannot be fitted yet: {error}") from error

    def predicted(width: int) -> float:
        """The law at what the budget comes to as the recipe counts the FLOPs of this shape."""
        depth = DEPTHS[width]
        flops = budget * count(width, depth) / _layers_and_output(width, depth)
        return float(law.coefficient.value * flops**law.exponent.value)

    width = min(DEPTHS, key=lambda width: abs(math.log(count(width, DEPTHS[width]) / predicted(width))))
    return PredictedSize(recipe, law, predicted(width), width, DEPTHS[width], count(width, DEPTHS[width]))


def _training_points(run: FinishedRun) -> Iterable[tuple[int, float]]:
    return zip(run.curve.step, run.curve.training_loss, strict=True)


def _held_out_points(run: FinishedRun) -> Iterable[tuple[int, float]]:
    points = zip(run.curve.step, run.curve.held_out_loss, strict=True)
    return ((step, loss) for step, loss in points if loss is not None)


def _layers_and_output(width: int, depth: int) -> int:
    return layer_params(width, depth) + VOCAB * width
