from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scaling_utils import load
from scaling_utils.allocation import allocate
from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.fitting.bootstrap import resample_weights
from scaling_utils.fitting.isoflop import (
    answers_by_key,
    fit_isoflop,
    fit_isoflop_surface,
    interpolated_minima,
    lack_of_fit,
    parabola_bias,
    predict_largest,
    vary_choices,
)
from scaling_utils.fitting.isoflop import fit as isoflop
from scaling_utils.fitting.kaplan import at_fixed_compute, simulate_curves
from scaling_utils.laws import HoffmannLaw, KaplanLaw, published_law
from scaling_utils.runs.table import RunTable

GOPHER = 5.76e23


def test_planted_parabolas_come_back_exactly(valleys):
    fit = fit_isoflop(valleys(), resamples=100)
    assert fit.params_law.exponent.value == pytest.approx(0.5, rel=1e-9)
    assert fit.params_law.coefficient.value == pytest.approx(0.1, rel=1e-7)
    assert fit.tokens_law.exponent.value == pytest.approx(0.5, rel=1e-9)
    assert {v.status for v in fit.valleys} == {"interior minimum"}
    assert [v.curvature for v in fit.valleys] == pytest.approx([0.06] * 4, rel=1e-9)
    assert [v.tokens_opt.value * 6 * v.params_opt.value for v in fit.valleys] == pytest.approx(
        [v.budget for v in fit.valleys]
    )


def test_exponents_add_to_one_and_projection_keeps_the_budget(valleys):
    fit = fit_isoflop(valleys(noise=0.005), resamples=300)
    a, b = fit.params_law.exponent, fit.tokens_law.exponent
    assert a.value + b.value == pytest.approx(1)
    assert (a.low + b.high, a.high + b.low) == pytest.approx((1, 1))
    params, tokens = fit.project(GOPHER)
    assert 6 * params.value * tokens.value == pytest.approx(GOPHER)
    assert 6 * params.low * tokens.high == pytest.approx(GOPHER)
    assert fit.extrapolation(GOPHER) == pytest.approx(576)


def test_batched_resamples_agree_with_lmfit_on_each(valleys):
    """Each row of weights must give what lmfit gives on the runs drawn by that row, repeated."""
    runs = valleys(noise=0.02, span=8, sizes=25)
    points = dict(isoflop.isoflop_slices(runs))[1e20]
    resamples, window = 60, 4.0
    draws = isoflop.resampled_minima(points, window, resamples, np.random.default_rng(5))
    n = len(points)
    counts = resample_weights(np.random.default_rng(5), resamples, np.arange(n))
    checked = 0
    for weights, drawn in zip(counts, draws, strict=True):
        valley = isoflop._valley(points.loc[points.index.repeat(weights)], 1e20, window, "6ND")
        if valley.status != "too few runs":
            expected = np.log(valley.params_opt.value) if valley.has_minimum else np.nan
            assert drawn == pytest.approx(expected, abs=1e-7, nan_ok=True)
            checked += 1
    assert checked > 50


def test_same_seed_same_interval_other_seed_other(valleys):
    runs = valleys(noise=0.01)
    first, again, other = (fit_isoflop(runs, resamples=200, seed=s).params_law.exponent for s in (3, 3, 4))
    assert first == again
    assert first.value == other.value and first.low != other.low


def test_interval_narrows_with_more_runs(valleys):
    wide = fit_isoflop(valleys(noise=0.02, sizes=7), resamples=500).params_law.exponent
    narrow = fit_isoflop(valleys(noise=0.02, sizes=7, repeats=16), resamples=500).params_law.exponent
    assert narrow.high - narrow.low < (wide.high - wide.low) / 2


def test_statuses(valleys):
    one_sided = fit_isoflop(valleys(noise=0.004, shift=np.log(2.7)), resamples=0)
    assert {v.status for v in one_sided.valleys} == {"one-sided"}
    with pytest.raises(
        DataError, match="at least 3 budgets with a minimum inside their sizes; of 4 budgets 0"
    ):
        fit_isoflop(valleys(shift=np.log(5)))
    with pytest.raises(DataError, match="of 4 budgets 0"):
        fit_isoflop(valleys(sizes=3))


def test_flat_and_upside_down_slices_are_not_minima(valleys):
    runs = valleys()
    for loss in (2.0, 4 - runs.frame["loss"] / 2):
        with pytest.raises(DataError, match="of 4 budgets 0"):
            fit_isoflop(replace(runs, frame=runs.frame.assign(loss=loss)))


def test_one_bad_slice_is_left_out_and_said(valleys):
    runs = valleys(budgets=(1e18, 1e19, 1e20, 1e21, 1e22))
    frame = runs.frame
    bad = frame["budget"] == 1e20
    frame = frame.assign(loss=frame["loss"].where(~bad, 3 + 0.1 * np.log(frame["params"] / 1e9)))
    fit = fit_isoflop(replace(runs, frame=frame), resamples=50)
    assert fit.with_status("no interior minimum") == [1e20]
    assert len(fit.used) == 4
    assert fit.params_law.exponent.value == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("window", [1.0, 0.5, float("nan")])
def test_window_must_be_a_ratio(valleys, window):
    with pytest.raises(DataError, match="window"):
        fit_isoflop(valleys(), window=window)


def test_measured_flops_shift_the_coefficient_only(valleys):
    runs = valleys()
    frame = runs.frame.assign(flops=runs.frame["flops"] * 0.9, tokens=runs.frame["tokens"] * 0.9)
    fit = fit_isoflop(replace(runs, frame=frame), budget_flops="measured", resamples=0)
    assert fit.params_law.exponent.value == pytest.approx(0.5, rel=1e-9)
    assert fit.valleys[0].budget == pytest.approx(0.9e18)


def test_hoffmann_figure_4():
    runs = load("hoffmann2022-fig4")
    fit = fit_isoflop(runs)
    assert [v.n_runs for v in fit.valleys] == [10, 22, 16, 10, 13, 11, 10, 14, 8]
    a = fit.params_law.exponent
    assert a.value == pytest.approx(0.508, abs=5e-4)
    assert 0.49 in a
    # 3e21 has its runs on the right of the vertex; at 1e20 they lie on both sides
    assert fit.with_status("one-sided") == [3e21]
    assert 1e20 in fit.with_status("interior minimum")
    assert fit.failed_share == 0


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("dataset", "published"), [("porian-refinedweb", 0.497), ("porian-openwebtext2", 0.518)]
)
def test_porian_tuned_exponents(public_file, dataset, published):
    public_file(dataset)
    runs = load(dataset, variant="tuned")
    fit = fit_isoflop(runs, resamples=0)
    assert fit.params_law.exponent.value == pytest.approx(published, abs=0.03)
    choices = vary_choices(runs, fit, project_to=GOPHER)["a"]
    # the authors' way of finding a minimum gives the authors' exponent: that is what the difference is due to
    assert choices["Akima interpolation instead of a parabola"] == pytest.approx(published, abs=0.001)


def test_interpolation_finds_planted_minima(valleys):
    minima = interpolated_minima(valleys(sizes=15))
    assert minima["params_opt"].to_numpy() == pytest.approx(
        0.1 * minima["budget"].to_numpy() ** 0.5, rel=0.01
    )


def test_choices_name_every_alternative(valleys):
    runs = valleys(noise=0.002)
    fit = fit_isoflop(runs, resamples=0)
    table = vary_choices(runs, fit, project_to=GOPHER)
    assert table.loc["window 4x", "a"] == fit.params_law.exponent.value
    assert table.loc["without one-sided budgets", "a"] == pytest.approx(fit.params_law.exponent.value)
    assert np.isnan(table.loc["window 2.5x", "a"]) or table.loc["window 2.5x", "budgets"] == 4


def test_choices_have_intervals_and_the_status_of_their_fit():
    """Figure 4 without its one-sided budget, and by one surface: both rule out the published exponent."""
    runs = load("hoffmann2022-fig4")
    fit = fit_isoflop(runs, resamples=500)
    table = vary_choices(runs, fit, project_to=GOPHER)
    a = fit.params_law.exponent
    assert table.loc["window 4x", ["a", "low", "high"]].tolist() == [a.value, a.low, a.high]
    kept = runs.subset((runs.frame["budget"] != 3e21).to_numpy())
    expected = fit_isoflop(kept, resamples=500).params_law.exponent
    assert table.loc["without one-sided budgets", ["budgets", "a", "low", "high"]].tolist() == [
        8,
        expected.value,
        expected.low,
        expected.high,
    ]
    surface = table.loc["one surface through all runs"]
    expected = fit_isoflop_surface(runs, resamples=500)
    assert (surface["a"], surface["status"]) == (expected.estimates["a"].value, "converged")
    assert surface["N_opt"] == pytest.approx(
        expected.estimates["k_params"].value * GOPHER ** expected.estimates["a"].value
    )
    assert 0.49 in a
    assert min(surface["low"], table.loc["without one-sided budgets", "low"]) > 0.49
    assert table.loc["Akima interpolation instead of a parabola", "status"] == "–"


def test_answers_are_quoted_with_their_intervals_or_as_unknown(valleys):
    runs = valleys(budgets=(1e18, 1e20), noise=0.002)
    fit = fit_isoflop(runs, fewest=2, resamples=50)
    choices, foretold = vary_choices(runs, fit, project_to=1e22), predict_largest(runs, fit)
    answers = answers_by_key(choices, foretold)
    assert answers["a_without_one_sided_text"] == str(fit.params_law.exponent)
    assert answers["a_surface_text"] == answers["ratio_at_largest_text"] == "unknown"
    assert answers["surface_status"] == "–" and answers["largest_lies"] == "too few minima"


class TestLackOfFit:
    def test_it_is_the_comparison_of_nested_models(self, valleys):
        """The parabola within a mean for each size, as statsmodels tests it."""
        from statsmodels.formula.api import ols
        from statsmodels.stats.anova import anova_lm

        fit = fit_isoflop(valleys(noise=0.01, repeats=3), resamples=0)
        table = lack_of_fit(fit)
        for valley, row in zip(fit.valleys, table.to_dict("records"), strict=True):
            x, loss = valley.points
            data = pd.DataFrame({"x": x - x.mean(), "loss": loss, "size": pd.factorize(x)[0]})
            nested = anova_lm(ols("loss ~ x + I(x**2)", data).fit(), ols("loss ~ C(size)", data).fit())
            assert [row["F"], row["p"]] == pytest.approx(nested.loc[1, ["F", "Pr(>F)"]].tolist())
            assert row["df of sizes"] == nested.loc[1, "df_diff"]
            assert row["df of repeats"] == nested.loc[1, "df_resid"]

    def test_a_parabola_passes_and_another_valley_does_not(self, valleys):
        straight = valleys(noise=0.002, repeats=3)
        x = np.log(straight.frame["params"] / (0.1 * straight.frame["budget"] ** 0.5))
        steep = replace(straight, frame=straight.frame.assign(loss=straight.frame["loss"] + 0.03 * x**3))
        passed, failed = (lack_of_fit(fit_isoflop(runs, resamples=0))["p"] for runs in (straight, steep))
        assert passed.min() > 0.01 and failed.max() < 1e-6

    def test_without_repeats_or_with_copies_there_is_nothing_to_test(self, valleys):
        assert lack_of_fit(fit_isoflop(valleys(noise=0.01), resamples=0)).empty
        assert lack_of_fit(fit_isoflop(valleys(repeats=3), resamples=0)).empty
        assert lack_of_fit(fit_isoflop(load("hoffmann2022-fig4"), resamples=0)).empty


def test_bias_vanishes_for_a_symmetric_surface_and_not_for_a_skewed_one(valleys):
    runs = valleys(sizes=15, span=16)
    symmetric = HoffmannLaw(E=1.8, A=300.0, B=300.0, alpha=0.3, beta=0.3)
    skewed = HoffmannLaw(E=1.8, A=2000.0, B=20.0, alpha=0.465, beta=0.155)
    centred = 0.1 * 1e20**0.5 / float(symmetric.params_opt(1e20))
    runs = replace(
        runs,
        frame=runs.frame.assign(params=runs.frame["params"] / centred, tokens=runs.frame["tokens"] * centred),
    )
    errors = [
        parabola_bias(runs, law, window=float("inf"), project_to=1e24)["relative error"].abs().to_numpy()
        for law in (symmetric, skewed)
    ]
    assert errors[0].max() < 1e-6
    assert errors[1].max() > 0.02


@pytest.mark.parametrize(("failed", "status"), [(0.05, "converged"), (0.051, "ill-conditioned")])
def test_the_status_follows_the_share_of_failed_resamples(valleys, failed, status):
    fit = fit_isoflop(valleys(budgets=(1e18, 1e19, 1e20), noise=0.0), resamples=0)
    assert fit.as_fit_result().status == "converged"
    assert replace(fit, failed_share=failed).as_fit_result().status == status


def test_two_budgets_are_a_law_only_where_asked_for(valleys):
    runs = valleys(budgets=(1e18, 1e20), noise=0.002, repeats=2)
    with pytest.raises(DataError, match="at least 3 budgets"):
        fit_isoflop(runs, resamples=0)
    fit = fit_isoflop(runs, fewest=2, resamples=200)
    assert 0.5 in fit.params_law.exponent
    assert fit.as_fit_result().status == "ill-conditioned"
    assert vary_choices(runs, fit, project_to=1e22)["a"].notna().any()
    with pytest.raises(DataError, match="needs two budgets at least"):
        fit_isoflop(runs, fewest=1)


@pytest.mark.parametrize(
    ("shift", "lowest"), [(0.0, "inside"), (1.05, "smallest size"), (-1.05, "largest size")]
)
def test_a_lowest_loss_at_an_end_is_told(valleys, shift, lowest):
    """Seeds are averaged, and the status of the parabola says nothing of it."""
    runs = valleys(shift=shift, repeats=2)
    fit = fit_isoflop(runs, resamples=0)
    assert {v.lowest for v in fit.valleys} == {lowest}
    assert set(fit.table()["lowest loss at"]) == {lowest}
    assert len(fit.lowest_at_an_end) == (0 if lowest == "inside" else 4)


class TestPrediction:
    def test_a_power_law_foretells_itself(self, valleys):
        runs = valleys(noise=0.002)
        foretold = predict_largest(runs, fit_isoflop(runs, resamples=300))
        assert foretold["budgets"].tolist() == [3, 1, 4, 4]
        assert foretold["value"].iloc[0] == pytest.approx(0.1 * 1e21**0.5, rel=0.1)
        ratio = foretold.loc["measured / predicted"]
        assert ratio["low"] < 1 < ratio["high"] and ratio["verdict"] == "as predicted"

    def test_a_law_that_bends_does_not(self, valleys):
        straight, bent = valleys(noise=0.002), valleys(noise=0.002, budgets=(4e21,))
        moved = bent.frame.assign(budget=1e21, flops=1e21, tokens=lambda f: 1e21 / (6 * f["params"]))
        kept = straight.subset((straight.frame["budget"] < 1e21).to_numpy())
        frame = pd.concat([kept.frame, moved], ignore_index=True).drop(columns="run_id")
        runs = RunTable.from_frame(frame, source="bent")
        foretold = predict_largest(runs, fit_isoflop(runs, resamples=300))
        assert foretold["value"].iloc[2:].tolist() == pytest.approx([2, 2], rel=0.1)
        assert foretold["verdict"].iloc[2:].tolist() == ["elsewhere"] * 2

    def test_a_one_sided_largest_budget_is_left_out_in_the_last_row(self):
        runs = load("hoffmann2022-fig4")
        foretold = predict_largest(runs, fit_isoflop(runs, resamples=300))
        smaller = runs.subset((runs.frame["budget"] < 3e21).to_numpy())
        again = predict_largest(smaller, fit_isoflop(smaller, resamples=300))
        assert foretold["budgets"].tolist() == [8, 1, 9, 8]
        last, expected = foretold.iloc[-1], again.loc["measured / predicted"]
        assert last["value"] == pytest.approx(expected["value"])
        assert last["verdict"] == expected["verdict"] == "elsewhere"

    def test_one_sided_everywhere_leaves_nothing(self, valleys):
        runs = valleys(noise=0.004, shift=np.log(2.7))
        foretold = predict_largest(runs, fit_isoflop(runs, resamples=50))
        assert foretold["verdict"].iloc[-1] == "too few minima"
        assert np.isnan(foretold["value"].iloc[-1]) and foretold["value"].iloc[:3].notna().all()

    def test_two_budgets_leave_nothing_to_foretell(self, valleys):
        runs = valleys(budgets=(1e18, 1e20))
        foretold = predict_largest(runs, fit_isoflop(runs, fewest=2, resamples=50))
        assert foretold["verdict"].iloc[2:].tolist() == ["too few minima"] * 2
        assert np.isnan(foretold["value"].iloc[[0, 2, 3]]).all()


def test_the_parabola_is_the_one_that_lmfit_finds():
    for valley in fit_isoflop(load("hoffmann2022-fig4"), resamples=0).valleys:
        found = valley.lmfit_result.params["a"].value
        assert valley.curvature == pytest.approx(found, rel=1e-7)


def test_tokens_come_from_the_runs_where_flops_are_as_reported():
    law = HoffmannLaw(**published_law("besiroglu2024").values)
    budgets = np.repeat([1e18, 1e19, 1e20, 1e21], 9)
    params = np.asarray(law.params_opt(budgets)) * np.tile(np.geomspace(1 / 3, 3, 9), 4)
    tokens = budgets / (6 * params)
    frame = pd.DataFrame({"params": params, "tokens": tokens, "loss": law.loss(params, tokens)})

    def fitted(times, rule, frame=frame):
        counted = frame.assign(flops=times * budgets, budget=times * budgets)
        return fit_isoflop(
            RunTable.from_frame(counted, conventions=Conventions(rule), source="r"), resamples=50
        )

    plain, reported = fitted(1.0, "6ND"), fitted(1.5, "reported")
    for ours, theirs in zip(reported.valleys, plain.valleys, strict=True):
        assert ours.params_opt.value == pytest.approx(theirs.params_opt.value)
        for end in ("value", "low", "high"):
            assert getattr(ours.tokens_opt, end) == pytest.approx(getattr(theirs.tokens_opt, end))
    for ours, theirs in zip(reported.project(1.5e22), plain.project(1e22), strict=True):
        assert (ours.value, ours.low, ours.high) == pytest.approx((theirs.value, theirs.low, theirs.high))
    flops = np.array([1e19, 1e22])
    assert reported.band(1.5 * flops, tokens=True) == pytest.approx(plain.band(flops, tokens=True))
    planned = [allocate(fit.as_fit_result(), c).tokens for fit, c in ((reported, 1.5e22), (plain, 1e22))]
    assert (planned[0].value, planned[0].low) == pytest.approx((planned[1].value, planned[1].low))
    unknown = fitted(1.5, "reported", frame.drop(columns="tokens"))
    assert unknown.params_law == reported.params_law
    assert not unknown.tokens_law.exponent.known and not unknown.project(1e22)[1].known
    assert not allocate(unknown.as_fit_result(), 1e22).tokens.known


def test_curves_with_flops_as_reported_are_read_at_six_flops_per_param_and_token():
    law = KaplanLaw(N_c=6.5e13, S_c=2.1e3, alpha_N=0.077, alpha_S=0.76)
    curves = simulate_curves(law, noise=0, seed=0, sizes=(1e5, 1e9, 16))
    otherwise = RunTable.from_frame(
        curves.frame.assign(flops=1.5 * curves.frame["flops"]),
        conventions=replace(curves.conventions, flop_rule="reported"),
        source="reported",
    )
    ours, theirs = at_fixed_compute(otherwise), at_fixed_compute(curves)
    assert ours.conventions.flop_rule == "6ND"
    pd.testing.assert_frame_equal(ours.frame, theirs.frame)


def test_measured_budgets_need_flops(valleys):
    runs = valleys()
    frame = runs.frame.drop(columns="flops")
    bare = RunTable.from_frame(frame, source="made up", conventions=Conventions(flop_rule="reported"))
    assert fit_isoflop(bare, resamples=50).params_law.exponent.value == pytest.approx(0.5, rel=1e-6)
    with pytest.raises(DataError, match="no flops"):
        fit_isoflop(bare, budget_flops="measured", resamples=50)
