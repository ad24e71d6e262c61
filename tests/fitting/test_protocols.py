"""The staircase of Porian et al. 2024, by the authors' way to find a minimum and by ours."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scaling_utils.allocation import ModelShape
from scaling_utils.allocation.accounting_study import recounted_runs
from scaling_utils.errors import DataError
from scaling_utils.fitting.isoflop import fit_interpolated, fit_isoflop
from scaling_utils.fitting.isoflop.interpolated import _weighted_lines
from scaling_utils.fitting.protocols import (
    fit_protocols,
    published_exponents,
    results_by_key,
    staircase_table,
    vary_protocols,
)
from scaling_utils.runs.protocols import load_protocols


@pytest.fixture(scope="module")
def recounted():
    return recounted_runs("besiroglu2024", 768, 1.5e9, shape=ModelShape(vocab=32_000, aspect=39.2))


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("corpus", "noise", "stated"),
    [("porian-refinedweb", 0.002, "porian.rw"), ("porian-openwebtext2", 0.01, "porian.owt2")],
)
def test_every_step_of_the_staircase_comes_back(public_file, corpus, noise, stated):
    public_file(corpus)
    protocols = load_protocols(corpus)
    assert list(protocols) == ["kaplan", "last-layer", "short-warmup", "cosine", "tuned"]
    fits = fit_protocols(protocols, window=4.0, noise=noise, resamples=1000)
    table = staircase_table(fits, published_exponents(stated, fits))
    assert table["interpolated − published"].abs().max() < 0.003
    assert (table["interpolated low"] - table["published low"]).abs().max() < 0.01
    assert (table["interpolated high"] - table["published high"]).abs().max() < 0.01
    # the parabola is another estimator: further off where it loses budgets (first) or sizes are few (fourth)
    apart = table["parabola − published"].abs()
    assert apart.iloc[[1, 2, 4]].max() < 0.015 and apart.max() < 0.05
    assert table["interpolated"].is_monotonic_decreasing and table["parabola"].is_monotonic_decreasing


def test_a_planted_exponent_is_found_by_both_estimators(recounted):
    fit = fit_protocols({"both": recounted["both"]}, window=4.0, noise=0.002, resamples=500)["both"]
    assert fit.interpolated.params_law.exponent.value == pytest.approx(0.5126, abs=0.003)
    assert 0.5126 in fit.interpolated.params_law.exponent
    assert fit.parabola.params_law.exponent.value == pytest.approx(0.5126, abs=0.001)


def test_interpolation_depends_on_the_seed_only(recounted):
    one, two, other = (
        fit_interpolated(recounted["both"], noise=0.01, resamples=100, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.draws, two.draws)
    assert not np.array_equal(one.draws, other.draws)


def test_more_noise_makes_wider_intervals(recounted):
    widths = []
    for noise in (0.001, 0.03):
        e = fit_interpolated(recounted["both"], noise=noise, resamples=300).params_law.exponent
        widths.append(e.high - e.low)
    assert widths[1] > 1.5 * widths[0]


def test_weighted_lines_are_those_of_numpy():
    rng = np.random.default_rng(0)
    x, y, spread = np.arange(6.0), rng.normal(size=(3, 6)), rng.uniform(0.5, 2, size=6)
    y[1, 2] = np.nan
    ours = _weighted_lines(x, y, 1 / spread**2)
    for row in range(3):
        kept = np.isfinite(y[row])
        theirs = np.polyfit(x[kept], y[row, kept], 1, w=1 / spread[kept])
        np.testing.assert_allclose(ours[:, row], theirs)


def test_noise_must_be_positive(recounted):
    with pytest.raises(DataError, match="must be positive"):
        fit_interpolated(recounted["both"], noise=0)


def test_slices_without_a_minimum_are_refused(recounted):
    runs = recounted["neither"]
    smallest = runs.frame.groupby("budget")["params"].transform("min")
    rising = runs.subset((runs.frame["params"] < 3 * smallest).to_numpy())
    with pytest.raises(DataError, match="of 12 budgets 0 have one"):
        fit_interpolated(rising, noise=0.0001, resamples=50)


def test_a_csv_gives_its_protocols_in_the_order_of_its_column(tmp_path, recounted):
    frame = pd.concat(
        [recounted[name].frame.assign(variant=told) for name, told in (("both", "old"), ("both", "new"))]
    )
    frame[["params", "tokens", "flops", "budget", "loss", "variant"]].to_csv(
        tmp_path / "mine.csv", index=False
    )
    protocols = load_protocols(tmp_path / "mine.csv")
    assert list(protocols) == ["old", "new"]
    assert fit_isoflop(protocols["new"], resamples=0).params_law.exponent.value == pytest.approx(
        0.5126, abs=0.001
    )


def test_results_have_short_keys(recounted):
    fits = fit_protocols(recounted, window=4.0, noise=0.002, resamples=50)
    found = results_by_key(fits)
    assert {"a_neither", "a_neither_interpolated", "a_both", "a_first", "a_last"} <= found.keys()
    assert (
        found["a_last"] == found["a_both_interpolated"]
        and found["a_first"] == found["a_neither_interpolated"]
    )
    alone = results_by_key({"both": fits["both"]})
    assert alone["first"] == alone["last"]


def test_choices_vary_the_exponent_and_one_that_leaves_no_law_has_none(recounted):
    few = [
        rows.iloc[np.linspace(0, len(rows) - 1, 4).astype(int)]
        for _, rows in recounted["both"].frame.groupby("budget")
    ]
    protocols = {"both": recounted["both"]}
    protocols["few"] = replace(recounted["both"], frame=pd.concat(few, ignore_index=True))
    fits = fit_protocols(protocols, window=100.0, noise=0.002, resamples=20)
    table = vary_protocols(protocols, fits)
    many, four = (table[fit.title] for fit in fits.values())
    assert many.to_numpy() == pytest.approx(0.5126, abs=0.01)
    assert np.isnan(four["interpolation, minima unweighted"])
    assert np.isfinite(four["parabola, every run"])


@pytest.mark.parametrize(("choice", "said"), [({"noise": 2.0}, "drawn as negative"), ({"resamples": 0}, "0")])
def test_noise_beyond_the_loss_and_no_draws_are_refused(recounted, choice, said):
    with pytest.raises(DataError, match=said):
        fit_interpolated(recounted["both"], **{"noise": 0.002, "resamples": 100} | choice)
