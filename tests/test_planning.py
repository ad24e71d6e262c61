import math

import pytest
from scipy.stats import chi2

from scaling_utils import load
from scaling_utils.allocation import allocate, size_cost
from scaling_utils.allocation.off_optimum import cost_curve, tolerance_table, tolerated
from scaling_utils.allocation.planning import (
    PLANS,
    SUPERSEDED,
    LawsFile,
    plan_results,
    plan_table,
    planning_sources,
    reach,
    spread,
)
from scaling_utils.allocation.rule import known_source
from scaling_utils.errors import DataError
from scaling_utils.fitting.isoflop import fit_isoflop
from scaling_utils.fitting.parametric import drop_largest_losses, fit_parametric, wald_distance
from scaling_utils.laws import allocation_law, published_law


@pytest.fixture(scope="module")
def fit():
    return fit_parametric(drop_largest_losses(load("hoffmann2022-fig4"), 5), resamples=200)


def test_published_laws_at_a_large_budget():
    table = plan_table(planning_sources(), 1e24)
    assert list(table.index) == list(PLANS)
    low, high = spread(table)
    assert low == table["N_opt"]["Llama 3 2024 unrounded"]
    assert high == table["N_opt"]["DeepSeek 2024"]
    assert high / low == pytest.approx(1.54, abs=0.01)
    assert (6 * table["N_opt"] * table["D_opt"]).tolist() == pytest.approx([1e24] * len(table), rel=1e-6)
    assert (table["times past data"] > 1).all()


def test_constants_that_the_refit_of_their_runs_rejects_do_not_count(fit):
    law_id = PLANS["Hoffmann 2022, Approach 3 unrounded"]
    assert wald_distance(fit, published_law(law_id)) > chi2(len(published_law(law_id).values)).ppf(0.9999)
    assert "Hoffmann 2022, Approach 3 unrounded" in SUPERSEDED


def test_a_law_reaches_as_far_as_the_runs_it_was_fitted_to():
    table = plan_table(planning_sources(), 1e24)["times past data"]
    assert table["Hoffmann 2022, Approach 2"] == pytest.approx(1e24 / 3e21)
    assert table["Hoffmann 2022, Approach 1"] == pytest.approx(1e24 / 1.296e22)
    largest = load("hoffmann2022-fig4").frame["budget"].max()
    assert reach(known_source("hoffmann2022-approach2-params")) == largest


def test_a_fit_comes_first_and_is_no_part_of_the_published_spread(fit):
    alone, joined = (plan_table(planning_sources(*fits), 1e24) for fits in ((), (fit,)))
    assert len(joined) == len(alone) + 1
    assert spread(joined) == spread(alone)
    assert joined["low"].iloc[0] < joined["N_opt"].iloc[0] < joined["high"].iloc[0]
    assert reach(fit) == pytest.approx(1.296e22, rel=1e-3)


@pytest.mark.parametrize("law", ["besiroglu2024", "hoffmann2022-unrounded"])
def test_tolerated_sizes_reach_the_loss_with_so_much_more_compute(law):
    source = published_law(law)
    best = allocate(source, 1e22)
    for size in tolerated(source, extra=0.2):
        cost = size_cost(source, 1.2e22, best.params.value * size.value)
        assert cost.loss.value == pytest.approx(best.loss.value, rel=1e-9)


def test_tolerated_sizes_are_about_those_that_kaplan_states(fit):
    smaller, larger = tolerated(fit)
    assert smaller.low < smaller.value < smaller.high < 1 < larger.low < larger.high
    assert (smaller.value, larger.value) == pytest.approx((0.535, 2.25), abs=0.01)


def test_laws_without_a_loss_have_no_cost():
    with pytest.raises(DataError, match="nothing about the loss"):
        tolerated(allocation_law("kaplan2020-params"))
    assert list(tolerance_table(planning_sources()).index) == [
        "Hoffmann 2022, Approach 3 as printed",
        "Hoffmann 2022, Approach 3 unrounded",
        "Besiroglu 2024",
    ]


def test_cost_vanishes_at_the_best_size_only(fit):
    curve = cost_curve(fit, 1e24, [0.5, 1.0, 2.0])
    assert curve["penalty"][1.0] == pytest.approx(0, abs=1e-12)
    assert curve["wasted"][0.5] > 0 < curve["wasted"][2.0]
    assert curve["wasted high"][1.0] > 0


def test_results_of_a_plan(fit):
    sources = planning_sources()
    results = plan_results(sources, plan_table(sources, 1e24), 1e24)
    assert results["params"].value == results["params_besiroglu2024"]
    assert (results["kaplan_smaller"], results["kaplan_larger"]) == ("0.6", "2.2")
    assert results["n_extrapolating"] == results["n_laws"] == "10"
    sources = planning_sources(fit)
    assert plan_results(sources, plan_table(sources, 1e24), 1e24)["smaller"].low > 0


def test_a_fit_without_a_loss_plans_too():
    sources = planning_sources(fit_isoflop(load("hoffmann2022-fig4"), resamples=50).as_fit_result())
    results = plan_results(sources, plan_table(sources, 1e24), 1e24)
    assert "loss" not in results and results["params"].low < results["params"].value
    assert math.isnan(plan_table(sources, 1e24)["loss"].iloc[0])


def test_a_plan_is_led_by_what_a_method_returned():
    fit = fit_isoflop(load("hoffmann2022-fig4"), resamples=50)
    of_fit, of_json = (planning_sources(source) for source in (fit, fit.as_fit_result()))
    assert repr(plan_results(of_fit, plan_table(of_fit, 1e24), 1e24)) == repr(
        plan_results(of_json, plan_table(of_json, 1e24), 1e24)
    )


def test_the_stamp_of_published_laws_names_their_file():
    assert len(LawsFile.bundled().sha256) == 64
