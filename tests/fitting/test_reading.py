"""What the chapter on the parametric loss states, through the library."""

import math
from dataclasses import replace

import numpy as np
import pytest

from scaling_utils import load
from scaling_utils.allocation.constants import constants_table, printed_constants, surface_results
from scaling_utils.errors import DataError, DatasetUnavailable
from scaling_utils.fitting.parametric import (
    ABSOLUTE,
    EVERY_RUN,
    HUBER,
    as_if_coarse,
    bootstrap_summary,
    drop_largest_losses,
    fit_parametric,
    match_runs,
    reading_effects,
    redraw_losses,
    vary_fit,
    wald_distance,
)
from scaling_utils.fitting.parametric.checks import coordinates, standard_deviations
from scaling_utils.laws import published_law

GOPHER = 5.76e23


@pytest.fixture(scope="module")
def ours():
    return drop_largest_losses(load("hoffmann2022-fig4"), 5)


@pytest.fixture(scope="module")
def ours_fit(ours):
    return fit_parametric(ours, resamples=400)


@pytest.fixture(scope="module")
def colour():
    try:
        return drop_largest_losses(load("hoffmann2022-fig4-colour"), 5)
    except DatasetUnavailable as error:
        pytest.skip(f"needs the earlier reading: {error}")


def test_constants_of_our_reading(ours_fit):
    assert ours_fit.values("E", "A", "B", "alpha", "beta", "a") == pytest.approx(
        [1.8134, 420.19, 2521.2, 0.3398, 0.3752, 0.5248], rel=2e-4
    )
    assert ours_fit.status == "converged"


def test_rounding_alone_moves_the_best_size():
    table = constants_table(printed_constants(), GOPHER)
    assert table["N_opt"].tolist() == pytest.approx([32.2e9, 40.4e9, 72.2e9], rel=2e-3)
    assert table["a low"].isna().all()


def test_results_have_the_keys_that_pages_quote(ours, ours_fit):
    fits = vary_fit(ours, ours_fit, every_run=load("hoffmann2022-fig4"), resamples=20)
    assert next(iter(fits)) == HUBER and EVERY_RUN in fits
    results = surface_results(fits, GOPHER)
    assert results["a_every"].value == pytest.approx(0.568, abs=1e-3)
    assert results["a_lad"].value == pytest.approx(0.5254, abs=1e-3)
    assert results["params_printed"] < results["params_unrounded"] < results["params_projected"].low
    assert results["chi2_hoffmann"] > 11  # 95 % of chi-squared with five degrees of freedom
    assert results["sd_lnB"] == pytest.approx(results["sd_B"] / results["B"].value, rel=0.5)


def test_a_table_with_every_run_kept_has_no_such_fit(ours, ours_fit):
    assert EVERY_RUN not in vary_fit(ours, ours_fit, every_run=ours, resamples=0)


def test_fits_without_draws_have_results_too(ours):
    fits = vary_fit(ours, fit_parametric(ours, resamples=0), resamples=0)
    results = surface_results(fits, GOPHER)
    assert "sd_a" not in results and math.isnan(results["a"].low)


def test_reading_within_bounds_moves_a_little_and_as_if_by_colour_more(ours, ours_fit):
    fine = redraw_losses(ours, ours_fit, redraws=200, seed=1)["a"]
    coarse = redraw_losses(as_if_coarse(ours), ours_fit, redraws=200, seed=1)["a"]
    assert fine.std() == pytest.approx(0.002, abs=5e-4)
    assert coarse.std() == pytest.approx(0.0048, abs=1e-3)
    assert np.array_equal(fine, redraw_losses(ours, ours_fit, redraws=200, seed=1)["a"])


def test_losses_without_bounds_are_refused(ours, ours_fit):
    plain = replace(ours, frame=ours.frame.drop(columns=["loss_low", "loss_high", "loss_from"]))
    with pytest.raises(DataError, match="loss_low"):
        redraw_losses(plain, ours_fit)
    with pytest.raises(DataError, match="loss_low"):
        as_if_coarse(plain)
    assert list(reading_effects(plain, ours_fit).index) == ["as_read"]


def test_runs_are_matched_in_any_order_and_strangers_refused(ours):
    backwards = replace(ours, frame=ours.frame.iloc[::-1].reset_index(drop=True))
    assert match_runs(backwards, ours).frame["loss"].tolist() == ours.frame["loss"].tolist()
    with pytest.raises(DataError, match="1 runs"):
        match_runs(ours.subset(np.arange(len(ours)) > 0), ours)


@pytest.mark.public_data
def test_the_better_read_losses_move_the_exponent(ours, colour):
    fit = fit_parametric(colour, resamples=400)
    assert fit.values("E", "A", "B", "alpha", "beta", "a") == pytest.approx(
        [1.8172, 477.83, 2143.4, 0.34731, 0.36717, 0.5139], rel=2e-4
    )
    effects = reading_effects(colour, fit, other=load("hoffmann2022-fig4"))
    assert effects["a"]["other"] == pytest.approx(0.5248, abs=2e-4)
    assert effects["a"]["only_position"] == pytest.approx(0.5251, abs=2e-4)
    assert effects["a"]["only_colour"] == pytest.approx(0.5161, abs=2e-4)
    assert effects["low"]["difference"] < 0 < effects["high"]["difference"]
    assert effects["sd"]["difference"] < 0.4 * effects["sd"]["as_read"]


@pytest.mark.public_data
def test_printed_constants_of_the_replication_are_the_least_absolute_optimum(colour):
    fits = vary_fit(colour, fit_parametric(colour, resamples=4000), resamples=0)
    printed = published_law("besiroglu2024").values
    lad = {name: fits[ABSOLUTE].estimates[name].value for name in printed}
    assert [lad[n] for n in ("A", "B", "alpha", "beta")] == pytest.approx(
        [printed[n] for n in ("A", "B", "alpha", "beta")], rel=2e-4
    )
    assert fits[HUBER].estimates["E"].value == pytest.approx(printed["E"], abs=5e-5)
    assert abs(lad["E"] - printed["E"]) > 3e-4
    assert fits[HUBER].diagnostics["objective"] == pytest.approx(1.018274e-3, rel=1e-6)
    summary = bootstrap_summary(fits[HUBER])
    assert [summary[f"sd_{n}"] for n in ("E", "A", "alpha", "beta")] == pytest.approx(
        [0.0257, 124.5, 0.0154, 0.0206], rel=0.05
    )
    assert wald_distance(fits[HUBER], published_law("hoffmann2022-unrounded")) == pytest.approx(
        238.4, rel=0.1
    )


def test_draws_without_a_minimum_have_no_spread(hoffmann_fit):
    none = {name: np.full(5, np.nan) for name in hoffmann_fit.draws}
    spreads = standard_deviations(replace(hoffmann_fit, draws=none))
    assert len(spreads) == len(standard_deviations(hoffmann_fit))
    assert np.isnan(list(spreads.values())).all()


def test_draws_whose_floor_is_zero_have_no_logarithm_and_no_part(hoffmann_fit):
    floors = hoffmann_fit.draws["E"].copy()
    floors[:5] = 0
    some = replace(hoffmann_fit, draws={**hoffmann_fit.draws, "E": floors})
    assert len(coordinates(some)) == len(coordinates(hoffmann_fit)) - 5
    assert np.isfinite(standard_deviations(some)["lnE"])
    at_zero = replace(some, estimates={**some.estimates, "E": replace(some.estimates["E"], value=0.0)})
    assert len(coordinates(at_zero)) == len(coordinates(some))
    assert np.isnan(wald_distance(at_zero, published_law("hoffmann2022")))


@pytest.fixture(scope="module")
def hoffmann_fit():
    return fit_parametric(load("hoffmann2022-fig4"), resamples=40)
