import numpy as np
import pandas as pd
import pytest
from scipy.optimize import least_squares

from scaling_utils import load
from scaling_utils.fitting.bootstrap import CHUNK, bootstrap_surface, resample_weights
from scaling_utils.fitting.linear import solve_rows
from scaling_utils.fitting.objective import Objective
from scaling_utils.fitting.parametric import drop_largest_losses, fit_parametric
from scaling_utils.fitting.starts import grid_starts
from scaling_utils.fitting.surface import Surface, surface_problem
from scaling_utils.laws import HOFFMANN
from scaling_utils.runs.table import RunTable


def surface_of(runs, goal):
    logs = (np.log(runs.frame[name].to_numpy()) for name in ("params", "tokens", "loss"))
    return Surface(*logs, turn=goal.turns[-1])


@pytest.fixture(scope="module")
def runs():
    return drop_largest_losses(load("hoffmann2022-fig4"), 5)


@pytest.fixture(scope="module")
def optimum(runs):
    fit = fit_parametric(runs, resamples=0)
    e, a, b, alpha, beta = fit.values("E", "A", "B", "alpha", "beta")
    return np.array([np.log(a), np.log(b), np.log(e), alpha, beta])


@pytest.mark.parametrize("turn", [1e-3, 0.02, np.inf])
@pytest.mark.parametrize("weighted", [False, True])
def test_derivatives_against_finite_differences(runs, optimum, turn, weighted):
    surface = surface_of(runs, Objective()).with_turn(turn)
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 3, (4, 240)).astype(float) if weighted else None
    theta = surface.centred(optimum + 0.02 * rng.standard_normal((4, 5))).T
    derivatives = surface._derivatives(4)
    value, gradient, hessian = derivatives(theta, weights)
    residuals = np.array([surface.residuals(t) for t in surface.uncentred(theta.T)])
    assert value == pytest.approx(surface.totals(residuals, weights), rel=1e-12)
    for k in range(5):
        step = np.zeros((5, 1))
        step[k] = 1e-6
        above = derivatives(theta + step, weights)
        below = derivatives(theta - step, weights)
        size = np.abs(gradient).max()
        assert (above[0] - below[0]) / 2e-6 == pytest.approx(gradient[k], rel=1e-5, abs=1e-5 * size)
        if not np.isfinite(turn) or turn > 0.01:  # a kink between the two would count as curvature
            numeric = (above[1] - below[1]) / 2e-6
            for j in range(5):
                ours = hessian[min(j, k), max(j, k)]
                assert numeric[j] == pytest.approx(ours, rel=2e-2, abs=2e-2 * np.abs(ours).max() + 1e-6)


def test_rows_of_equations():
    rng = np.random.default_rng(0)
    factor = rng.standard_normal((50, 5, 5))
    matrices = factor @ factor.transpose(0, 2, 1) + 0.1 * np.eye(5)
    matrices[7] -= 20 * np.eye(5)
    right, damping = rng.standard_normal((5, 50)), rng.uniform(0, 1, (5, 50))
    step, definite = solve_rows(matrices.transpose(1, 2, 0), right, damping)
    assert definite.tolist() == [i != 7 for i in range(50)]
    for i in np.flatnonzero(definite):
        assert step[:, i] == pytest.approx(np.linalg.solve(matrices[i] + np.diag(damping[:, i]), right[:, i]))


def test_weights_draw_whole_groups():
    group = np.array([0, 0, 1, 2, 2, 2])
    weights = resample_weights(np.random.default_rng(0), 500, group)
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert weights[:, 2].mean() == pytest.approx(1, abs=0.15)
    shuffled = resample_weights(np.random.default_rng(0), 500, np.array([2, 0, 1]))
    assert (shuffled.sum(axis=1) == 3).all()


def by_scipy(problem, start, drawn, goal):
    """Objective where scipy ends on the points `drawn`, each as often as it was."""
    robust = goal.name == "huber"
    with np.errstate(all="ignore"):
        end = least_squares(
            lambda theta: problem.residuals(theta)[drawn],
            start,
            jac=lambda theta: problem.jacobian(theta)[drawn],
            loss="huber" if robust else "linear",
            f_scale=goal.delta if robust else 1.0,
            x_scale="jac",
            max_nfev=1000,
            **dict.fromkeys(("ftol", "xtol", "gtol"), 1e-14),
        )
    return goal.total(problem.residuals(end.x)[drawn])


def checked_resamples(runs, optimum, count, goal):
    """Objectives of batched draws, and of careful fits from many starts by scipy."""
    surface = surface_of(runs, goal)
    group = np.arange(len(runs))
    draws = bootstrap_surface(surface, optimum, group, goal, resamples=count, seed=11)
    seeds = np.random.SeedSequence(11).spawn(-(-count // CHUNK))
    weights = np.concatenate([resample_weights(np.random.default_rng(s), count, group) for s in seeds])[
        :count
    ]
    problem = surface_problem(surface)
    starts = [optimum, *grid_starts(surface)[:5]]
    for theta, row in zip(draws.theta, weights, strict=True):
        best = min(by_scipy(problem, start, np.repeat(group, row), goal) for start in starts)
        yield surface.totals(problem.residuals(theta)[None], row[None])[0], best


@pytest.mark.parametrize("objective", ["huber", "least-squares"])
def test_resamples_reach_their_optimum(runs, optimum, objective):
    goal = Objective(objective)
    start = optimum
    if objective == "least-squares":
        start = surface_problem(surface_of(runs, goal)).polish_weighted(optimum, np.ones(240), goal)[0]
    for ours, careful in checked_resamples(runs, start, 8, goal):
        assert ours <= careful * (1 + 1e-8)


@pytest.mark.slow
def test_two_hundred_resamples_reach_their_optimum(runs, optimum):
    excess = [ours / careful - 1 for ours, careful in checked_resamples(runs, optimum, 200, Objective())]
    assert max(excess) < 1e-8


@pytest.mark.slow
def test_small_dirty_sets_are_restarted_and_reach_their_optimum():
    everything = load("hoffmann2022-fig4")
    kept = np.zeros(245, dtype=bool)
    kept[np.random.default_rng(5).choice(245, 40, replace=False)] = True
    kept[np.argmax(everything.frame["loss"])] = True
    runs = everything.subset(kept)
    fit = fit_parametric(runs, resamples=4000)
    assert 0 < fit.diagnostics["restarted_share"] < 0.2
    assert fit.diagnostics["failed_share"] < 0.01
    e, a, b, alpha, beta = fit.values("E", "A", "B", "alpha", "beta")
    start = np.array([np.log(a), np.log(b), np.log(e), alpha, beta])
    excess = [ours / careful - 1 for ours, careful in checked_resamples(runs, start, 100, Objective())]
    assert np.mean(np.array(excess) < 1e-8) >= 0.97


def test_result_does_not_depend_on_chunks_before_it(runs, optimum):
    goal = Objective()
    surface, group = surface_of(runs, goal), np.arange(240)
    short, long = (
        bootstrap_surface(surface, optimum, group, goal, resamples=n, seed=0).theta
        for n in (CHUNK, CHUNK + 7)
    )
    assert (long[:CHUNK] == short).all()


def test_result_does_not_depend_on_workers(runs, optimum):
    import joblib

    goal = Objective()
    surface, group = surface_of(runs, goal), np.arange(240)

    def draw(n_jobs):
        return bootstrap_surface(surface, optimum, group, goal, resamples=900, seed=0, n_jobs=n_jobs).theta

    with joblib.parallel_config(backend="threading"):
        assert (draw(3) == draw(1)).all()


def test_resamples_that_cannot_be_fitted_are_counted():
    """Nine runs at three sizes: a sixth of the resamples miss a size or a token count."""
    params, tokens = (v.ravel() for v in np.meshgrid([1e7, 1e8, 1e9], [1e9, 1e10, 1e11]))
    loss = HOFFMANN.value((1.69, 406.4, 410.7, 0.34, 0.28), params, tokens)
    frame = pd.DataFrame({"params": params, "tokens": tokens, "loss": loss})
    fit = fit_parametric(RunTable.from_frame(frame, source="planted"), resamples=400)
    assert 0.1 < fit.diagnostics["failed_share"] < 0.25
    assert np.isnan(fit.draws["alpha"]).mean() == fit.diagnostics["failed_share"]
    assert fit.status == "ill-conditioned"
