"""How often a nominal 95 % interval holds the truth: the simulation behind the default interval.

The table is kept in tests/reference/coverage.csv. To make it anew, run this file as a script.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling_utils import load
from scaling_utils.fitting.intervals import DEFAULT_INTERVAL, interval
from scaling_utils.fitting.parametric import drop_largest_losses, fit_parametric
from scaling_utils.laws import HOFFMANN

TABLE = Path(__file__).parents[1] / "reference" / "coverage.csv"
SETS, RESAMPLES, SEED = 1000, 1000, 20240
QUANTITIES = ("E", "A", "B", "alpha", "beta", "a")


def _noise(kind, residuals, rng):
    """Noise as in the data: its spread shared out at random, or every point keeping its own scale."""
    if kind == "iid":
        return rng.choice(residuals, size=len(residuals)) * rng.choice([-1, 1], size=len(residuals))
    return residuals * rng.standard_normal(len(residuals))


def simulate(sets=SETS, resamples=RESAMPLES):
    runs = drop_largest_losses(load("hoffmann2022-fig4"), 5)
    fit = fit_parametric(runs, resamples=0)
    truth = dict(zip(QUANTITIES, fit.values(*QUANTITIES), strict=True))
    clean = HOFFMANN.value(fit.values(*HOFFMANN.names), runs.frame["params"], runs.frame["tokens"])
    residuals = np.log(runs.frame["loss"].to_numpy() / clean)
    rows = []
    for noise in ("iid", "own scale"):
        for number, seed in enumerate(np.random.SeedSequence(SEED).spawn(sets)):
            loss = clean * np.exp(_noise(noise, residuals, np.random.default_rng(seed)))
            simulated = replace(runs, frame=runs.frame.assign(loss=loss))
            found = fit_parametric(simulated, resamples=resamples, seed=number)
            for kind in ("percentile", "bias-corrected"):
                for name, value in truth.items():
                    low, high = interval(found.draws[name], found.estimates[name].value, kind=kind)
                    rows.append((noise, kind, name, found.converged, low <= value <= high, high - low))
    columns = ["noise", "interval", "quantity", "converged", "covered", "width"]
    table = pd.DataFrame(rows, columns=columns)
    grouped = table.groupby(["noise", "interval", "quantity"], sort=False)
    return grouped.agg(
        sets=("covered", "size"),
        converged=("converged", "mean"),
        coverage=("covered", "mean"),
        median_width=("width", "median"),
    ).reset_index()


def test_default_interval_covers_as_it_says():
    """The standard error of a coverage from 1,000 sets is 0.7 %."""
    table = pd.read_csv(TABLE)
    assert (table["sets"] >= 200).all()
    default = table[table["interval"] == DEFAULT_INTERVAL]
    assert default["coverage"].between(0.93, 0.98).all(), default


@pytest.mark.slow
def test_coverage_table_can_be_made_again():
    """A quarter of the sets: a coverage of 95 % from 250 sets has a standard error of 1.4 %."""
    kept = pd.read_csv(TABLE).set_index(["noise", "interval", "quantity"])["coverage"]
    again = simulate(sets=250, resamples=400).set_index(["noise", "interval", "quantity"])["coverage"]
    assert (again - kept).abs().max() < 0.05
    default = again.xs(DEFAULT_INTERVAL, level="interval")
    assert default.between(0.91, 0.99).all(), default


if __name__ == "__main__":
    simulate().to_csv(TABLE, index=False, float_format="%.4g")
