"""Designs of sweeps: what they cost, and whether the simulated precision is the true one."""

import math

import numpy as np
import pandas as pd
import pytest

from scaling_utils import design_next_runs, design_sweep, load, published_law
from scaling_utils.allocation import ModelShape
from scaling_utils.allocation.sweep import Prior, plan_sweep
from scaling_utils.allocation.sweep_precision import simulate_precision, sweep_arrays, sweep_precision
from scaling_utils.allocation.sweep_shapes import nearest_transformer
from scaling_utils.allocation.sweep_study import design_results, vary_sweep
from scaling_utils.conventions import DEFAULT, Conventions
from scaling_utils.errors import ConventionError, DataError
from scaling_utils.fitting.isoflop import fit_isoflop
from scaling_utils.fitting.objective import Objective
from scaling_utils.fitting.parametric import fit_parametric
from scaling_utils.fitting.refits import refit_surface, refit_valleys
from scaling_utils.laws import HoffmannLaw
from scaling_utils.laws.known import allocation_law
from scaling_utils.runs.table import RunTable

EQUAL = HoffmannLaw(E=1.7, A=400.0, B=600.0, alpha=0.33, beta=0.33)
UNEQUAL = HoffmannLaw(E=1.7, A=400.0, B=600.0, alpha=0.42, beta=0.24)


def prior(law):
    return Prior("planted", law, DEFAULT, "planted")


def table(sweep, loss):
    frame = sweep.frame().assign(loss=loss)
    return RunTable.from_frame(frame, source="planted")


def test_a_sweep_costs_what_was_stated():
    sweep = plan_sweep(prior(UNEQUAL), flops=1e21, budgets=5, sizes=6, span=50)
    budgets, params, tokens = sweep_arrays(sweep)
    assert (6 * params * tokens).sum() == pytest.approx(1e21, rel=1e-12)
    assert 6 * params * tokens == pytest.approx(budgets, rel=1e-12)
    assert max(sweep.budgets) / min(sweep.budgets) == pytest.approx(50)
    middle = [math.exp(np.log(params[budgets == b]).mean()) for b in sweep.budgets]
    assert middle == pytest.approx([float(UNEQUAL.params_opt(b)) for b in sweep.budgets])
    assert sweep.table()["cost (FLOPs)"].sum() == pytest.approx(1e21)


def test_the_largest_budget_may_be_stated_in_place_of_the_cost():
    design = design_sweep(published_law("besiroglu2024"), largest=1e20, reach=4, simulations=2)
    assert max(design.sweep.budgets) == pytest.approx(1e20)
    with pytest.raises(DataError, match="one of them"):
        design_sweep(published_law("besiroglu2024"), flops=1e21, largest=1e20)


def test_refits_are_those_of_the_methods_themselves():
    sweep = plan_sweep(prior(UNEQUAL), flops=1e21)
    budgets, params, tokens = sweep_arrays(sweep)
    rng = np.random.default_rng(3)
    losses = UNEQUAL.loss(params, tokens) + rng.normal(0, 0.01, (8, len(params)))
    a, log_k = refit_valleys(budgets, params, losses)
    start = np.array([math.log(UNEQUAL.A), math.log(UNEQUAL.B), math.log(UNEQUAL.E), 0.42, 0.24])
    theta = refit_surface(np.log(params), np.log(tokens), np.log(losses), start, Objective())
    for row, loss in enumerate(losses):
        runs = table(sweep, loss)
        law = fit_isoflop(runs, resamples=0).params_law
        assert (a[row], math.exp(log_k[row])) == pytest.approx(
            (law.exponent.value, law.coefficient.value), rel=1e-6
        )
        fit = fit_parametric(runs, resamples=0)
        assert theta[row, 3:] == pytest.approx(fit.values("alpha", "beta"), rel=1e-4)


def test_the_simulated_scatter_is_that_of_a_plain_loop():
    sweep = plan_sweep(prior(UNEQUAL), flops=1e21, reach=2)
    budgets, params, tokens = sweep_arrays(sweep)
    found, truth = [], UNEQUAL.loss(params, tokens)
    rng = np.random.default_rng(11)
    for _ in range(800):
        loss = truth + rng.normal(0, 0.002, len(truth))
        minima = []
        for budget in sweep.budgets:
            of = budgets == budget
            curve = np.polyfit(np.log(params[of]), loss[of], 2)
            minima.append(-curve[1] / (2 * curve[0]))
        found.append(np.polyfit(np.log(sweep.budgets), minima, 1)[0])
    (own,) = sweep_precision(sweep, target=1e23, noise=0.002, simulations=800, methods=["approach2"])
    assert own.failed_share == 0
    assert own.exponent.sd == pytest.approx(np.std(found, ddof=1), rel=0.12)
    assert own.exponent.width == pytest.approx(np.subtract(*np.quantile(found, [0.975, 0.025])), rel=0.15)


@pytest.mark.parametrize("method", ["approach2", "approach3"])
def test_without_difference_of_exponents_nothing_is_biased(method):
    sweep = plan_sweep(prior(EQUAL), flops=1e21)
    (found,) = sweep_precision(sweep, target=1e23, noise=0.005, simulations=600, methods=[method])
    for scatter in (found.exponent, found.log_params):
        assert abs(scatter.bias) < 4 * scatter.sd / math.sqrt(600)
    assert found.exponent.truth == 0.5


def test_a_wide_parabola_biases_the_size_and_not_the_exponent():
    bias = []
    for reach in (2, 4):
        sweep = plan_sweep(prior(UNEQUAL), flops=1e21, reach=reach)
        valleys, surface = sweep_precision(sweep, target=1e23, noise=1e-6, simulations=20)
        assert abs(valleys.exponent.bias) < 1e-4 and abs(surface.params_bias) < 1e-3
        bias.append(abs(valleys.params_bias))
    assert 0.005 < bias[0] < bias[1]


def test_more_spend_and_less_noise_leave_less_scatter():
    law = published_law("besiroglu2024")
    design = design_sweep(law, flops=1e21, reach=4, spends=(0.001, 0.1, 1, 10), simulations=200)
    shown = [p for p in design.precisions if p.method == "approach3"]
    assert [round(p.flops / 1e21, 6) for p in shown] == [0.1, 1, 10]
    assert [p.runs for p in shown] == [21, 28, 42]
    widths = [p.log_params.width for p in shown]
    assert widths == sorted(widths, reverse=True)
    varied = vary_sweep(design).query("method == 'approach3'").set_index("change")["a sd"]
    assert varied.iloc[0] < varied.iloc[1] < varied.iloc[2]
    assert design_results(design, law)["width_approach3"] == design.precision("approach3").exponent.width


def test_noise_of_losses_per_byte_is_varied_without_published_values():
    law = fit_parametric(load("ladder-prose"), resamples=0)
    design = design_sweep(law, flops=3e14, reach=4, noise=0.03, simulations=50)
    varied = vary_sweep(design).query("method == 'approach3'").set_index("change")["a sd"]
    assert varied["0.5 times the noise"] < varied["2 times the noise"]
    assert not varied.index.str.startswith("noise as of").any()
    assert design_results(design, law)["loss_unit"] == "nats/byte"


def test_a_design_depends_on_its_seed_alone():
    one, again, other = (
        design_sweep(published_law("besiroglu2024"), flops=1e21, reach=4, simulations=20, seed=seed).as_dict()
        for seed in (1, 1, 2)
    )
    assert one == again != other


def test_sizes_of_transformers_can_be_built():
    design = design_sweep(published_law("besiroglu2024"), flops=1e21, shape=ModelShape(), simulations=20)
    for run in design.sweep.runs:
        assert run.width % 64 == 0
        assert run.params == 12 * run.layers * run.width**2 + 50_257 * run.width
        assert 6 * run.params * run.tokens == pytest.approx(run.budget)
    with pytest.raises(DataError, match="no transformer of heads"):
        nearest_transformer(1e5, count="total", shape=ModelShape())


def test_new_runs_leave_less_scatter_than_the_old_ones_alone():
    sweep = plan_sweep(prior(UNEQUAL), flops=1e20, reach=4)
    _, params, tokens = sweep_arrays(sweep)
    loss = UNEQUAL.loss(params, tokens) + np.random.default_rng(0).normal(0, 0.003, len(params))
    runs = table(sweep, loss)
    design = design_next_runs(runs, flops=1e21, target=1e23, simulations=100)
    assert design.fit_status == "converged" and design.warning == ""
    assert design.noise == pytest.approx(0.003, rel=0.5)
    assert design.after.params_factor < design.before.params_factor
    assert min(c.precision.log_params.width for c in design.candidates) == design.after.log_params.width
    assert all(c.precision.flops == pytest.approx(1.1e21) for c in design.candidates)
    (alone,) = simulate_precision(
        design.sweep.prior, params, tokens, target=1e23, noise=design.noise, simulations=100,
        methods=["approach3"],
    )  # fmt: skip
    assert alone.exponent.sd == pytest.approx(design.before.exponent.sd, rel=1e-9)


def test_a_fit_that_is_not_sound_is_said_to_be_so():
    rng = np.random.default_rng(1)
    params = np.geomspace(1e8, 4e8, 7)
    tokens = 20 * params * np.exp(rng.normal(0, 0.05, 7))
    frame = pd.DataFrame({"params": params, "tokens": tokens, "loss": EQUAL.loss(params, tokens)})
    runs = RunTable.from_frame(frame.assign(loss=frame["loss"] + rng.normal(0, 0.02, 7)), source="few")
    law = published_law("besiroglu2024")
    design = design_next_runs(runs, flops=1e20, prior=law, simulations=20)
    assert design.fit_status != "converged"
    assert design.fit_status in design.warning and "besiroglu2024" in design.warning
    few = RunTable.from_frame(frame.head(4), source="few")
    with pytest.raises(DataError, match="leaves no best size"):
        design_next_runs(few, flops=1e20)


def test_what_cannot_be_planned_is_refused():
    law = published_law("besiroglu2024")
    with pytest.raises(DataError, match="says nothing about the loss"):
        design_sweep(allocation_law("kaplan2020-params"), flops=1e21)
    with pytest.raises(DataError, match="at least 3 budgets and 4 sizes"):
        design_sweep(law, flops=1e21, budgets=2)
    for wrong in ({"span": 1.0}, {"flops": math.inf}, {"reach": 0.5}, {"noise": 0.0}, {"target": -1.0}):
        with pytest.raises(DataError, match=next(iter(wrong))):
            design_sweep(law, **{"flops": 1e21, **wrong})
    with pytest.raises(DataError, match="no sweep of up to"):
        design_sweep(law, flops=1e21, budgets=1000, sizes=1000)
    runs = load("hoffmann2022-fig4")
    other = RunTable.from_frame(
        runs.frame, conventions=Conventions(param_count="non-embedding"), source="counted otherwise"
    )
    with pytest.raises(ConventionError, match="non-embedding"):
        design_next_runs(other, flops=1e20, prior=law)
