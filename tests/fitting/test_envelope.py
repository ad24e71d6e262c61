import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scaling_utils import load
from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.fitting.envelope import Curves, Frontier, fit_envelope
from scaling_utils.fitting.envelope.frontier import _draws
from scaling_utils.laws import HoffmannLaw
from scaling_utils.results import FitResult
from scaling_utils.runs.table import RunTable

GOPHER = 5.76e23
# The unrounded constants of Hoffmann et al. 2022 (in the source of their paper).
HOFFMANN = HoffmannLaw(
    E=math.exp(0.5267228), A=math.exp(6.0073404), B=math.exp(6.0179186), alpha=0.33917084, beta=0.2849083
)
SKEWED = HoffmannLaw(E=1.8, A=2000.0, B=20.0, alpha=0.465, beta=0.155)
RANGE = (1e18, 1e22)


def planted(law=HOFFMANN, *, ratio=1.2, points=120, margin=30.0, noise=0.0, seed=0, spread=3.0):
    """Curves that follow a law from a third of the smallest budget of RANGE to three times the largest."""
    low, high = float(law.params_opt(RANGE[0])) / margin, float(law.params_opt(RANGE[1])) * margin
    sizes = np.exp(np.arange(np.log(low), np.log(high), np.log(ratio)))
    flops = np.geomspace(RANGE[0] / spread, RANGE[1] * spread, points)
    params, flops = np.repeat(sizes, points), np.tile(flops, len(sizes))
    loss = law.loss(params, flops / (6 * params))
    loss *= np.exp(noise * np.random.default_rng(seed).normal(size=loss.size))
    names = np.repeat([f"run {i}" for i in range(len(sizes))], points)
    return table(pd.DataFrame({"run_id": names, "params": params, "flops": flops, "loss": loss}))


def table(frame, **options):
    return RunTable.from_frame(frame, source="planted", **options)


@pytest.mark.parametrize("law", [HOFFMANN, SKEWED])
@pytest.mark.parametrize(("ratio", "bias"), [(1.2, 0.001), (1.4, 0.004), (2.0, 0.01)])
def test_planted_exponents_come_back_but_for_the_steps_of_the_sizes(law, ratio, bias):
    """Without noise only the finite set of sizes is in the way; the bounds are those of the docstring."""
    fit = fit_envelope(planted(law, ratio=ratio), flops_range=RANGE, smoothing=0, resamples=0)
    a, b = fit.params_law.exponent.value, fit.tokens_law.exponent.value
    assert a == pytest.approx(law.a, abs=bias)
    assert a + b == pytest.approx(1, abs=1e-12)
    assert fit.interior_share == 1


def test_frontier_lies_on_the_law_and_below_every_curve():
    runs = planted()
    fit = fit_envelope(runs, flops_range=RANGE, smoothing=0, resamples=0)
    points = fit.points
    assert len(points) == 1500
    np.testing.assert_allclose(6 * points["params"] * points["tokens"], points["budget"], rtol=1e-12)
    # linear interpolation of a convex curve lies above it, by little
    excess = points["loss"] / HOFFMANN.loss(points["params"], points["tokens"]) - 1
    assert excess.min() > -1e-12 and excess.max() < 1e-4
    best = HOFFMANN.loss(
        HOFFMANN.params_opt(points["budget"]), points["budget"] / 6 / HOFFMANN.params_opt(points["budget"])
    )
    assert (points["loss"] >= best).all()


def test_thirds_of_the_published_law():
    """Slopes and the extrapolation of the first third computed from the law itself (Figure A5)."""
    fit = fit_envelope(planted(ratio=1.1), flops_range=RANGE, smoothing=0, resamples=0)
    assert [t.g.value for t in fit.thirds] == pytest.approx([0.0697, 0.0522, 0.0372], abs=1e-4)
    assert [t.n_points for t in fit.thirds] == [500, 500, 500]
    assert [e.value for e in fit.loss_at(GOPHER)] == pytest.approx([1.36, 1.63, 1.81], abs=0.005)
    crossings = fit.crossings()
    assert crossings["flops"].between(*RANGE).all() and crossings["loss"].is_monotonic_decreasing
    for pair, row in crossings.iterrows():
        one, other = (fit.thirds[int(i) - 1].law for i in pair.split(" and "))
        assert (one(row["flops"]), other(row["flops"])) == pytest.approx((row["loss"], row["loss"]))


def test_batched_resamples_agree_with_one_at_a_time():
    """Each draw must give what the frontier of only its runs gives, at the budgets interior with all runs."""
    runs = planted(ratio=4, noise=0.02, points=60, spread=1.5)
    frontier = Frontier.of(Curves.from_runs(runs), np.geomspace(2e18, 5e21, 90))
    used, n_runs = frontier.interior, len(frontier.log_params)
    third = np.arange(used.sum()) * 3 // used.sum()
    lines = frontier.resampled_lines(third, 300, np.random.default_rng(3))
    draws = [column for _, drawn in _draws(n_runs, 300, np.random.default_rng(3)) for column in drawn.T]
    fitted = 0
    for found, drawn in zip(np.moveaxis(lines, 2, 0), draws, strict=True):
        x, log_n, log_loss, interior = one_frontier(frontier, used, drawn)
        if interior.sum() < 3 or np.ptp(log_n[interior]) == 0:
            law = [(math.nan, math.nan)] * 2
        else:
            law = [np.polyfit(x[interior], y[interior], 1) for y in (log_n, x - log_n - math.log(6))]
            fitted += 1
        rows = [interior & (third == t) for t in range(3)]
        thirds = [np.polyfit(x[r], log_loss[r], 1) if r.sum() > 2 else (math.nan, math.nan) for r in rows]
        assert found == pytest.approx(np.array([*law, *thirds]), rel=1e-7, nan_ok=True)
    assert 200 < fitted < 300


def one_frontier(frontier, used, drawn):
    log_loss, log_n = frontier.log_loss[used][:, drawn], frontier.log_params[drawn]
    covered = np.isfinite(log_loss)
    winner = log_loss.argmin(axis=1)
    smaller = (covered & (log_n < log_n[winner, None])).any(axis=1)
    larger = (covered & (log_n > log_n[winner, None])).any(axis=1)
    return np.log(frontier.budgets[used]), log_n[winner], log_loss.min(axis=1), smaller & larger


def test_intervals_hold_the_truth_and_depend_on_the_seed_alone():
    runs = planted(ratio=1.5, noise=0.002, points=60)
    first, again, other = (fit_envelope(runs, n_budgets=300, resamples=300, seed=s) for s in (1, 1, 2))
    assert HOFFMANN.a in first.params_law.exponent
    assert first.params_law == again.params_law and first.thirds == again.thirds
    assert first.params_law.exponent.value == other.params_law.exponent.value
    assert first.params_law.exponent.low != other.params_law.exponent.low
    for third in first.thirds:
        assert third.g.low < third.g.value < third.g.high
    params, tokens = first.project(GOPHER)
    assert float(HOFFMANN.params_opt(GOPHER)) in params
    assert params.value * tokens.value * 6 == pytest.approx(GOPHER)
    assert first.failed_share == 0
    assert first.extrapolation(GOPHER) == pytest.approx(GOPHER / 1e22, rel=3.1)


def test_smoothing_takes_noise_off_the_frontier_and_leaves_the_ends_in_place():
    runs = planted(ratio=1.4, points=3000, noise=0.01)
    truth = fit_envelope(planted(ratio=1.4, points=3000), flops_range=RANGE, smoothing=0, resamples=0)
    errors = {}
    for smoothing in (0, 40):
        fit = fit_envelope(runs, flops_range=RANGE, smoothing=smoothing, resamples=0)
        # the lowest of many noisy losses lies below the truth
        errors[smoothing] = np.log(fit.points["loss"].mean() / truth.points["loss"].mean())
    assert errors[0] < -0.005
    assert abs(errors[40]) < abs(errors[0]) / 3

    curves = Curves.from_runs(planted(points=3000))
    shift = curves.smoothed(10).log_loss - curves.log_loss
    ends = np.concatenate([curves.starts[:-1], curves.starts[1:] - 1])
    assert np.abs(shift[ends]).max() < 1e-6


@pytest.mark.parametrize("points", [2, 3, 7, 19, 20, 21, 50])
def test_smoothing_agrees_with_weighted_lines_point_by_point(points):
    rng = np.random.default_rng(points)
    flops, loss = np.arange(1.0, points + 1), rng.normal(size=points)
    both = np.concatenate([loss, loss[::-1]])  # a second curve beside it must not leak in
    curves = Curves(
        np.array(["a", "b"]),
        np.ones(2),
        np.ones(2),
        np.array([0, points, 2 * points]),
        np.tile(flops, 2),
        both,
    )
    smooth = curves.smoothed(10).log_loss
    index = np.arange(points)
    for i in range(points):
        weight = np.exp(-0.5 * ((index - i) / 2.5) ** 2) * (np.abs(index - i) <= 5)
        expected = np.polyval(np.polyfit(index - i, loss, 1, w=np.sqrt(weight)), 0)
        assert smooth[i] == pytest.approx(expected, abs=1e-9)
        assert smooth[2 * points - 1 - i] == pytest.approx(expected, abs=1e-9)


def test_budgets_at_the_ends_do_not_count():
    """Where the best run is the smallest or the largest that has the budget, a better size may be missing."""
    runs = planted(ratio=1.15, margin=0.3)  # the best size of the smallest budgets was not trained
    fit = fit_envelope(runs, smoothing=0, resamples=200)
    frontier = fit.frontier
    smallest, largest = runs.frame["params"].min(), runs.frame["params"].max()
    assert (frontier["interior"] == (frontier["params"] > smallest) & (frontier["params"] < largest)).all()
    assert 0 < fit.interior_share < 1
    assert fit.params_law.exponent.value == pytest.approx(HOFFMANN.a, abs=0.005)
    # taken at face value, the ends would bend the law
    law = np.polyfit(np.log(frontier["budget"]), np.log(frontier["params"]), 1)[0]
    assert abs(law - HOFFMANN.a) > 5 * abs(fit.params_law.exponent.value - HOFFMANN.a)


def test_statuses():
    runs = planted(ratio=1.4)
    size = runs.frame["params"]
    best = float(HOFFMANN.params_opt(1e20))
    assert fit_envelope(runs, resamples=0).status == "interior frontier"

    few = runs.subset(((size < best * 1.5) & (size > best / 1.5)) | (size > 50 * best) | (size < best / 50))
    assert fit_envelope(few, flops_range=(7e19, 1.5e20), resamples=0).status == "few sizes"

    one = runs.subset(((size < best * 1.18) & (size > best / 1.18)) | (size > 20 * best) | (size < best / 20))
    fit = fit_envelope(one, flops_range=(7e19, 1.5e20), resamples=50)
    assert fit.status == "one size" and fit.n_sizes == 1
    assert math.isnan(fit.params_law.exponent.value) and math.isnan(fit.params_law.exponent.low)
    assert fit.thirds[0].g.value > 0
    assert fit.failed_share == 1

    small = runs.subset((size < float(HOFFMANN.params_opt(2e19))).to_numpy())
    fit = fit_envelope(small, resamples=0)
    assert fit.status == "mostly one-sided" and fit.interior_share < 0.5


def test_curves_of_different_lengths_and_rows_in_any_order():
    runs = planted(ratio=1.5)
    frame = runs.frame[runs.frame["flops"] < 40 * runs.frame["params"] ** 2 * 20]  # small models end early
    fit = fit_envelope(replace(runs, frame=frame), smoothing=0, resamples=0)
    shuffled = frame.sample(frac=1, random_state=1)
    again = fit_envelope(replace(runs, frame=shuffled), smoothing=0, resamples=0)
    assert fit.params_law.exponent.value == pytest.approx(again.params_law.exponent.value, rel=1e-12)
    assert fit.params_law.exponent.value == pytest.approx(HOFFMANN.a, abs=0.01)
    assert (fit.frontier["progress"] <= 1).all()
    assert fit.late_share == pytest.approx((fit.points["progress"] >= 0.85).mean())


def test_warm_up_can_be_left_out():
    runs = planted(ratio=1.4)
    frame = runs.frame
    start = frame.groupby("run_id")["flops"].transform("max") * 0.01
    warm = replace(runs, frame=frame.assign(loss=frame["loss"].where(frame["flops"] > start, 0.5)))
    clean, skipped = (fit_envelope(r, skip=0.01, smoothing=0, resamples=0) for r in (runs, warm))
    pd.testing.assert_frame_equal(clean.frontier, skipped.frontier)
    assert fit_envelope(warm, smoothing=0, resamples=0).points["loss"].min() < 0.6


def test_single_points_are_left_out_and_counted():
    runs = planted(ratio=1.4)
    extra = runs.frame.tail(1).assign(run_id="single", loss=0.1)
    fit = fit_envelope(replace(runs, frame=pd.concat([runs.frame, extra])), resamples=0)
    assert fit.n_left_out == 1 and fit.n_runs == runs.n_runs
    assert "single" not in set(fit.frontier["run_id"])


def test_equal_flops_within_a_run_keep_the_last_row():
    runs = planted(ratio=1.4)
    frame = runs.frame
    twice = pd.concat([frame.assign(loss=9.0), frame]).sort_values("flops", kind="stable")
    plain, doubled = (fit_envelope(replace(runs, frame=f), resamples=0) for f in (frame, twice))
    assert plain.params_law == doubled.params_law


@pytest.mark.parametrize(
    ("change", "options", "problem"),
    [
        (lambda f: f.drop_duplicates("run_id"), {}, "no run has two points"),
        (lambda f: f[f["params"] < f["params"].min() * 1.5], {}, "at least 3 model sizes, not 2"),
        (lambda f: f, {"flops_range": (1e10, 1e12)}, "only 0 have a smaller and a larger model"),
        (lambda f: f[f["params"] > 1e10], {}, "only 0 have a smaller and a larger model"),
        (lambda f: f, {"flops_range": (1e20, 1e19)}, "flops_range"),
        (lambda f: f, {"n_budgets": 8}, "at least 9 budgets"),
        (lambda f: f, {"smoothing": float("nan")}, "smoothing"),
        (lambda f: f, {"skip": 1.0}, "skip"),
    ],
)
def test_refuses_what_has_no_answer(change, options, problem):
    runs = planted(ratio=1.4)
    with pytest.raises(DataError, match=problem):
        fit_envelope(replace(runs, frame=change(runs.frame)), resamples=0, **options)


def test_refuses_curves_that_never_share_a_budget():
    frame = pd.DataFrame({"params": np.repeat([1e8, 2e8, 4e8], 2), "loss": [3, 2.9, 2.8, 2.7, 2.6, 2.5]})
    frame = frame.assign(run_id=frame["params"].astype(str), flops=[1e18, 2e18, 3e18, 4e18, 5e18, 6e18])
    with pytest.raises(DataError, match="at no budget"):
        fit_envelope(table(frame), resamples=0)


def test_flops_without_tokens_are_refused():
    frame = pd.DataFrame({"N": [1e8, 1e8], "C": [1e18, 2e18], "loss": [3.0, 2.9], "run": "a"})
    with pytest.raises(DataError, match="need tokens"):
        fit_envelope(table(frame, conventions=Conventions(flop_rule="reported")), resamples=0)


def test_common_form_survives_json():
    fit = fit_envelope(planted(ratio=1.5, noise=0.002, points=60), n_budgets=300, resamples=100)
    result = fit.as_fit_result()
    assert result.status == "converged" and result.method == "approach1"
    assert result.estimates["a"] == fit.params_law.exponent
    assert result.estimates["k1"].unit == "nats/token"
    assert FitResult.from_json(result.to_json()) == result
    for failed, status in ((0.05, "converged"), (0.051, "ill-conditioned")):
        assert replace(fit, failed_share=failed).as_fit_result().status == status


@pytest.mark.parametrize("seed", range(5))
def test_noise_over_orders_of_magnitude_ends_in_a_wide_interval(seed):
    fit = fit_envelope(planted(ratio=1.5, points=30, noise=5.0, seed=seed), resamples=100, seed=seed)
    exponent = fit.params_law.exponent
    assert exponent.high - exponent.low > 0.1
    for estimate in (*fit.project(GOPHER), *fit.loss_at(GOPHER)):
        assert not estimate.value < 0
    assert FitResult.from_json(fit.as_fit_result().to_json()) == fit.as_fit_result()


@pytest.mark.public_data
def test_gemstone_frontier_flattens(public_file):
    """Of the Gemstone models with a width from 8 to 150 times their depth."""
    public_file("gemstone")
    runs = load("gemstone")
    ratio = runs.frame["width"] / runs.frame["depth"]
    runs = runs.subset(ratio.between(8, 150).to_numpy())
    fit = fit_envelope(runs, flops_range=(runs.frame["flops"].min(), runs.frame["flops"].max()), smoothing=0)
    assert [t.g.value for t in fit.thirds] == pytest.approx([0.070, 0.0655, 0.048], abs=5e-4)
    assert fit.n_runs == 16 and fit.n_sizes == 9
    assert fit.params_law.exponent.value == pytest.approx(0.59, abs=0.005)
    assert 0.5 < fit.params_law.exponent.low < 0.59 < fit.params_law.exponent.high
