"""Curves simulated from a surface, the floor of the frontier, and the checks of Approach 1."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scaling_utils import load
from scaling_utils.errors import DataError
from scaling_utils.fitting.envelope import (
    bend_in_words,
    fit_envelope,
    fit_floor,
    law_frontier,
    recovery,
    schedule_in_words,
    simulate_runs,
    vary_choices,
    within_shapes,
)
from scaling_utils.laws import HoffmannLaw, published_law
from scaling_utils.published import published
from scaling_utils.runs.table import RunTable

GOPHER = 5.76e23
RANGE = (1e18, 1e22)
LAW = HoffmannLaw(**published_law("hoffmann2022-unrounded").values)
GAMMA = LAW.alpha * LAW.beta / (LAW.alpha + LAW.beta)


@pytest.fixture(scope="module")
def noisy():
    runs = simulate_runs(LAW, noise=0.002, seed=0)
    return runs, fit_envelope(runs, flops_range=RANGE, resamples=1000)


def test_simulated_curves_lie_on_the_law_but_for_the_noise():
    exact, runs = (simulate_runs(LAW, noise=noise, seed=1).frame for noise in (0, 0.002))
    np.testing.assert_allclose(exact["loss"], LAW.loss(exact["params"], exact["tokens"]), rtol=1e-12)
    moved = np.log(runs["loss"] / exact["loss"]).groupby(runs["run_id"])
    assert moved.mean().std() == pytest.approx(0.002, rel=0.4)
    assert moved.std().mean() == pytest.approx(0.0004, rel=0.1)
    assert runs["params"].min() == pytest.approx(75e6) and runs["params"].max() == pytest.approx(10e9)
    assert runs["flops"].min() == pytest.approx(1e17) and runs["flops"].max() == pytest.approx(1e22)


def test_noise_below_zero_is_refused():
    with pytest.raises(DataError, match="noise is -1"):
        simulate_runs(LAW, noise=-1, seed=0)


def test_simulated_curves_give_the_bend_of_the_published_surface(noisy):
    """Thirds of Figure A5: 0.0697, 0.0522, 0.0372; 1.36, 1.63 and 1.81 nats at the Gopher budget."""
    _, fit = noisy
    slopes = published("hoff.figA5.slopes").values().values()
    losses = published("hoff.figA5.gopher").values().values()
    assert [third.g.value for third in fit.thirds] == pytest.approx(list(slopes), rel=0.03)
    assert [loss.value for loss in fit.loss_at(GOPHER)] == pytest.approx(list(losses), rel=0.03)
    assert LAW.a in fit.params_law.exponent
    assert published("hoff.A1").values()["a"] not in fit.params_law.exponent


def test_frontier_of_a_law_is_a_power_law_with_its_floor():
    budgets = np.geomspace(1e18, 1e24, 7)
    params, tokens, loss = law_frontier(LAW, budgets)
    np.testing.assert_allclose(6 * params * tokens, budgets)
    excess = np.diff(np.log(loss - LAW.E)) / np.diff(np.log(budgets))
    np.testing.assert_allclose(excess, -GAMMA)
    assert published("hoff.A3.frontier").values() == pytest.approx(
        {"E": LAW.E, "gamma": GAMMA, "loss_floor": float(law_frontier(LAW, np.array([GOPHER]))[2][0])},
        abs=5e-4,
    )


def test_floor_comes_back_from_the_frontier(noisy):
    exact = simulate_runs(LAW, noise=0, seed=0, sizes=(75e6, 10e9, 150))
    fit = fit_envelope(exact, flops_range=RANGE, smoothing=0, resamples=0)
    floor = fit_floor(exact, fit, resamples=0)
    assert floor.status == "converged"
    assert (floor.E.value, floor.gamma.value) == pytest.approx((LAW.E, GAMMA), abs=3e-3)
    runs, fit = noisy
    floor = fit_floor(runs, fit, resamples=300)
    assert LAW.E in floor.E and GAMMA in floor.gamma
    assert law_frontier(LAW, np.array([GOPHER]))[2][0] in floor.loss_at(GOPHER)
    assert fit.loss_at(GOPHER)[0].high < floor.E.low


def test_floor_of_a_straight_frontier_is_about_zero():
    """Without noise what is left is the staircase of the sizes."""
    straight = HoffmannLaw(E=0.0, A=40.0, B=60.0, alpha=0.2, beta=0.2)
    runs = simulate_runs(straight, noise=0, seed=0)
    floor = fit_floor(runs, fit_envelope(runs, smoothing=0, resamples=0), resamples=0)
    assert floor.E.value < 0.05
    assert floor.gamma.value == pytest.approx(0.1, abs=2e-3)


def test_floor_is_never_below_zero(noisy):
    """A frontier that falls ever faster has none."""
    budgets = np.geomspace(1e18, 1e22, 60)
    x = np.log(budgets / 1e20)
    runs, fit = noisy
    points = pd.DataFrame({"budget": budgets, "loss": np.exp(1 - 0.05 * x - 0.002 * x**2), "interior": True})
    floor = fit_floor(runs, replace(fit, frontier=points), resamples=0)
    assert (floor.status, floor.E.value) == ("no floor", 0.0)


def test_floor_agrees_with_a_general_optimiser(noisy):
    from scipy.optimize import least_squares

    runs, fit = noisy
    floor = fit_floor(runs, fit, resamples=0)
    points = fit.points.iloc[:: math.ceil(len(fit.points) / 300)]
    c, loss = points["budget"].to_numpy() / floor.centre, points["loss"].to_numpy()
    best = least_squares(
        lambda t: (t[0] + t[1] * c ** -t[2]) / loss - 1, (1.5, 1.0, 0.1), xtol=1e-14, ftol=1e-14
    )
    assert (floor.E.value, floor.excess.value, floor.gamma.value) == pytest.approx(best.x.tolist(), rel=3e-4)


def test_draws_without_runs_are_left_out():
    runs = simulate_runs(LAW, noise=0.002, seed=0, sizes=(75e6, 10e9, 5))
    fit = fit_envelope(runs, resamples=50)
    floor = fit_floor(runs, fit, resamples=400)
    missing = np.isnan(floor.draws).any(axis=0)
    assert 0 < missing.sum() < 400
    assert np.isfinite([floor.E.low, floor.E.high]).all()


@pytest.mark.parametrize(
    ("slopes", "told"),
    [
        ((0.070, 0.052, 0.037), "ever more slowly"),
        ((0.110, 0.054, 0.113), "neither ever more slowly nor ever faster"),
        ((0.037, 0.052, 0.070), "ever faster"),
        ((0.05, 0.05, 0.04), "neither ever more slowly nor ever faster"),
    ],
)
def test_the_bend_in_words_follows_the_slopes(slopes, told):
    assert bend_in_words(*slopes) == told


@pytest.mark.parametrize(
    ("schedule", "told"),
    [("constant", "is constant."), ("cosine", "(schedule: cosine), and 50% of"), (None, "name no schedule")],
)
def test_the_schedule_of_the_runs_is_said(noisy, schedule, told):
    runs, fit = noisy
    points = fit.frontier.assign(progress=np.where(np.arange(len(fit.frontier)) % 2, 0.5, 0.9), interior=True)
    frame = runs.frame if schedule is None else runs.frame.assign(schedule=schedule)
    assert told in schedule_in_words(replace(runs, frame=frame), replace(fit, frontier=points))


@pytest.mark.parametrize(
    ("last", "told"), [(0.1, "it falls in column train/learning_rate"), (1.0, "name no schedule")]
)
def test_a_rate_that_falls_along_the_runs_is_seen(noisy, last, told):
    runs, fit = noisy
    along = runs.frame.groupby("run_id")["tokens"].rank(pct=True)
    rates = (1e-3 * (1 - (1 - last) * along)).where(along > 0.1, 1e-4)  # after a warm-up
    frame = runs.frame.assign(**{"train/learning_rate": rates})
    assert told in schedule_in_words(replace(runs, frame=frame), fit)


def test_choices_and_recovery_have_a_row_each(noisy):
    runs, fit = noisy
    choices = vary_choices(runs, fit, flops_range=RANGE, other_runs={"the same": runs})
    assert choices.index[0] == "as fitted" and "the same" not in choices.index and len(choices) == 8
    assert choices["a"].between(0.35, 0.55).all()
    assert (choices["g1"] > choices["g3"]).all()
    found = recovery(runs, fit, LAW, noise=0.002, flops_range=RANGE, sets=12)
    assert found.loc["a", "truth"] == pytest.approx(LAW.a)
    assert (found["bias"].abs() < found["spread"]).all()
    assert (found["coverage"] >= 0.6).all()


def test_choices_that_leave_no_frontier_are_nan(noisy):
    runs, fit = noisy
    one = runs.subset((runs.frame["params"] < 8e7).to_numpy())
    choices = vary_choices(runs, fit, flops_range=RANGE, other_runs={"one size": one})
    assert math.isnan(choices.loc["one size", "a"]) and choices.loc["one size", "sizes"] == 0


class TestShapes:
    runs = RunTable.from_frame(
        pd.DataFrame({"N": 1e8, "D": 1e9, "loss": 3.0, "width": [256, 512, 3072], "depth": [71, 12, 12]}),
        source="example",
    )

    def test_bounds_hold_on_either_side(self):
        assert within_shapes(self.runs) is self.runs
        assert list(within_shapes(self.runs, min_ratio=8).frame["width"]) == [512, 3072]
        assert list(within_shapes(self.runs, min_ratio=8, max_ratio=150).frame["width"]) == [512]

    def test_no_model_left_says_what_there_is(self):
        with pytest.raises(DataError, match=r"from 3.61 to 256 times"):
            within_shapes(self.runs, min_ratio=1000)

    def test_missing_columns_are_named(self):
        with pytest.raises(DataError, match="no column width or depth"):
            within_shapes(simulate_runs(LAW, noise=0, seed=0), min_ratio=8)


@pytest.mark.public_data
def test_gemstone_page(public_file):
    """Thirds .070, .0655, .048 and a = .59 over the models of moderate shape, as the page fits them."""
    public_file("gemstone")
    everything = load("gemstone")
    runs = within_shapes(everything, min_ratio=8, max_ratio=150)
    fit = fit_envelope(runs, smoothing=0, resamples=1000)
    assert [third.g.value for third in fit.thirds] == pytest.approx([0.070, 0.0655, 0.048], abs=5e-4)
    assert fit.params_law.exponent.value == pytest.approx(0.590, abs=0.001)
    assert (fit.params_law.exponent.low, fit.params_law.exponent.high) == pytest.approx(
        (0.523, 0.700), abs=0.02
    )
    assert (fit.n_runs, fit.n_sizes) == (16, 9)
    assert fit_floor(runs, fit, resamples=100).E.high - fit_floor(runs, fit, resamples=100).E.low > 0.3
    assert (
        0 <= vary_choices(runs, fit, flops_range=None, other_runs={"all": everything}).loc["all", "a"] < 0.59
    )
