import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scaling_utils import load
from scaling_utils.errors import DataError
from scaling_utils.fitting.isoflop import fit_isoflop, fit_isoflop_surface, isoflop_slices
from scaling_utils.fitting.objective import Objective
from scaling_utils.fitting.parametric import fit_parametric
from scaling_utils.fitting.surface import Surface, surface_problem
from scaling_utils.laws import HoffmannLaw
from scaling_utils.results import FitResult
from scaling_utils.runs.table import RunTable

HOFFMANN = HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
SKEWED = HoffmannLaw(E=1.8, A=2000.0, B=20.0, alpha=0.465, beta=0.155)
FAR = 1e24


def slices(law, *, span=8.0, drift=1.0, noise=0.0, seed=0, sizes=15):
    """Slices from 1e17 to 1e21 FLOPs, centred on the minimum in the first, `drift` times it in the last."""
    rng, rows = np.random.default_rng(seed), []
    for i, budget in enumerate(np.geomspace(1e17, 1e21, 5)):
        params = float(law.params_opt(budget)) * drift ** (i / 4) * np.geomspace(1 / span, span, sizes)
        tokens = budget / 6 / params
        loss = law.loss(params, tokens) * np.exp(noise * rng.normal(size=sizes))
        rows.append(pd.DataFrame({"params": params, "tokens": tokens, "loss": loss, "budget": budget}))
    return RunTable.from_frame(pd.concat(rows, ignore_index=True), source="planted")


@pytest.mark.parametrize(
    ("law", "options", "parabola"),
    [
        (HOFFMANN, {"span": 8}, -0.029),
        (HOFFMANN, {"span": 16}, -0.051),
        (SKEWED, {"span": 8}, -0.139),
        (SKEWED, {"span": 16}, -0.231),
        (HOFFMANN, {"span": 8, "drift": 1 / 3}, 0.069),
        (SKEWED, {"span": 8, "drift": 1 / 3}, 0.230),
    ],
)
@pytest.mark.parametrize("objective", ["huber", "least-squares"])
def test_no_bias_where_the_parabola_has_one(law, options, parabola, objective):
    """Relative error of D_opt at 1e24 FLOPs without noise; the parabola's are those of Czech et al. 2026."""
    runs = slices(law, **options)
    truth = FAR / 6 / float(law.params_opt(FAR))
    biased = float(fit_isoflop(runs, window=math.inf, resamples=0).tokens_law(FAR)) / truth - 1
    assert biased == pytest.approx(parabola, abs=6e-4)
    fit = fit_isoflop_surface(runs, objective=objective, resamples=0)
    assert fit.status == "converged"
    assert tokens_at(fit, FAR) / truth - 1 == pytest.approx(0, abs=1e-10)
    found = fit.values("E", "A", "B", "alpha", "beta")
    assert found == pytest.approx([law.E, law.A, law.B, law.alpha, law.beta], rel=1e-8)


def tokens_at(fit, flops):
    return fit.estimates["k_tokens"].value * flops ** fit.estimates["b"].value


def test_valley_coefficients_are_those_of_the_law():
    fit = fit_isoflop_surface(slices(SKEWED), resamples=0)
    for flops in (1e18, FAR):
        params = fit.estimates["k_params"].value * flops ** fit.estimates["a"].value
        assert params == pytest.approx(float(SKEWED.params_opt(flops)), rel=1e-9)
        assert 6 * params * tokens_at(fit, flops) == pytest.approx(flops, rel=1e-9)


def test_optimum_is_that_of_approach_3_on_the_same_runs():
    runs = slices(HOFFMANN, noise=0.01)
    ours, theirs = (f(runs, resamples=0) for f in (fit_isoflop_surface, fit_parametric))
    assert ours.values("E", "A", "B", "alpha", "beta") == pytest.approx(
        theirs.values("E", "A", "B", "alpha", "beta"), rel=1e-9
    )


def test_resamples_reach_their_own_optimum_and_keep_the_slices():
    """Draws against single fits by scipy, on weights drawn again slice by slice."""
    runs, count = slices(HOFFMANN, noise=0.01, sizes=9), 40
    fit = fit_isoflop_surface(runs, resamples=count, seed=4)
    frame = pd.concat([points for _, points in isoflop_slices(runs)])
    surface = Surface(*(np.log(frame[c].to_numpy()) for c in ("params", "tokens", "loss")), turn=1e-3)
    problem = surface_problem(surface)
    rng = np.random.default_rng(4)
    drawn = [[np.bincount(row, minlength=9) for row in rng.integers(0, 9, size=(count, 9))] for _ in range(5)]
    weights = np.hstack(drawn)
    assert (weights.reshape(count, 5, 9).sum(axis=2) == 9).all()
    start = problem.theta(fit.lmfit_result)
    names = [*(np.log(fit.draws[name]) for name in "ABE"), fit.draws["alpha"], fit.draws["beta"]]
    for draw, row in zip(np.stack(names, axis=1), weights, strict=True):
        single, _ = problem.polish_weighted(start, row, Objective())
        ours, scipys = (
            Objective().total(np.repeat(surface.residuals(theta), row)) for theta in (draw, single)
        )
        assert ours <= scipys * (1 + 1e-8)


def test_interval_holds_the_truth_and_depends_on_the_seed_alone():
    runs = slices(HOFFMANN, noise=0.003)
    first, again, other = (fit_isoflop_surface(runs, resamples=300, seed=s) for s in (1, 1, 2))
    assert first == again and first != other
    assert HOFFMANN.a in first.estimates["a"]
    assert first.diagnostics["failed_share"] == 0
    assert len(first.draws["k_tokens"]) == 300
    assert FitResult.from_json(first.to_json()) == first


def test_runs_off_their_budget_do_no_harm():
    runs = slices(HOFFMANN)
    share = np.random.default_rng(0).uniform(0.8, 1.0, len(runs))
    tokens = runs.frame["tokens"] * share
    frame = runs.frame.assign(
        tokens=tokens, flops=runs.frame["flops"] * share, loss=HOFFMANN.loss(runs.frame["params"], tokens)
    )
    fit = fit_isoflop_surface(replace(runs, frame=frame), resamples=0)
    assert fit.estimates["a"].value == pytest.approx(HOFFMANN.a, rel=1e-8)


def test_window_leaves_out_what_the_surface_does_not_describe():
    runs = slices(HOFFMANN, span=16)
    frame = runs.frame
    best = frame.groupby("budget")["loss"].transform("min")
    far = frame["loss"] > best * 1.05
    frame = frame.assign(loss=frame["loss"].where(~far, frame["loss"] * 1.3))
    spoilt = replace(runs, frame=frame)
    near = fit_isoflop_surface(spoilt, window=3, resamples=0)
    assert near.estimates["a"].value == pytest.approx(HOFFMANN.a, rel=1e-6)
    assert near.n_runs < len(frame) and near.provenance["window"] == 3
    assert near.diagnostics["budgets"] == 5


def test_hoffmann_figure_4():
    """Runs within a factor of 8 of the best of their slice; Approach 3 on all 240 runs has a = 0.525."""
    fit = fit_isoflop_surface(load("hoffmann2022-fig4"), window=8, resamples=500)
    assert fit.status == "converged" and fit.n_runs == 106
    a = fit.estimates["a"]
    assert a.value == pytest.approx(0.517, abs=5e-4)
    assert 0.508 in a and 0.525 in a


@pytest.mark.parametrize(
    ("change", "options", "problem"),
    [
        (lambda f: f[f["budget"] < 2e18], {}, "at least 3 budgets, not 2"),
        (lambda f: f, {"window": 1.0}, "window"),
        (lambda f: f, {"objective": "median"}, "objective"),
        (lambda f: f.drop(columns="tokens"), {}, "no column tokens"),
    ],
)
def test_refuses_what_has_no_answer(change, options, problem):
    runs = slices(HOFFMANN)
    with pytest.raises(DataError, match=problem):
        fit_isoflop_surface(replace(runs, frame=change(runs.frame)), **options)


def test_too_few_runs_is_a_status():
    runs = slices(HOFFMANN)
    few = runs.subset(runs.frame.groupby("budget").cumcount().to_numpy() == 7)  # one run a budget
    fit = fit_isoflop_surface(few)
    assert fit.status == "too few runs" and fit.draws == {}
    assert np.isnan(fit.values()).all()
