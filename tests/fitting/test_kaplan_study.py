"""Training curves read at fixed compute and steps, their minima, and the numbers of Kaplan's figure 11."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from scaling_utils import load
from scaling_utils.conventions import PF_DAY, Conventions
from scaling_utils.errors import DataError
from scaling_utils.figures.kaplan_accountings import plot_accountings
from scaling_utils.fitting.kaplan import (
    as_curves,
    at_fixed_compute,
    at_fixed_steps,
    fixed_compute_curve,
    measured_minima,
    numbers,
    optimal_size,
    published_accountings,
    simulate_curves,
    study_kaplan,
    vary_minima,
)
from scaling_utils.fitting.kaplan.minima import _lowest, interpolated_exponent
from scaling_utils.laws import NO_CRITICAL_BATCH, KaplanLaw, published_law
from scaling_utils.published import published
from scaling_utils.runs.table import RunTable

REFERENCE = yaml.safe_load((Path(__file__).parents[1] / "reference" / "kaplan_fig11.yaml").read_text())
LAW = KaplanLaw(**published_law("kaplan2020-ns").values)
BUDGETS = np.geomspace(1e-5, 1, 11)
BATCH = 2.0**19


@pytest.fixture(scope="module")
def exact():
    return simulate_curves(LAW, noise=0, seed=0)


@pytest.fixture(scope="module")
def simulated():
    return study_kaplan(simulate_curves(LAW, noise=0.005, seed=0), budgets=BUDGETS, resamples=200)


def test_curves_are_read_where_the_law_is(exact):
    slices = at_fixed_compute(exact, BUDGETS * PF_DAY).frame
    assert slices["budget"].nunique() == len(BUDGETS)
    expected = fixed_compute_curve(LAW, slices["budget"].to_numpy(), slices["params"].to_numpy())
    assert slices["loss"].to_numpy() == pytest.approx(expected, rel=2e-4)
    by_steps = at_fixed_steps(exact, [1e3, 3e4, 2.5e5])
    assert len(by_steps) == 3 * 32
    expected = LAW.loss(by_steps["params"].to_numpy(), by_steps["steps"].to_numpy())
    assert by_steps["loss"].to_numpy() == pytest.approx(expected, rel=2e-4)


def test_nothing_is_read_beyond_the_points_of_a_curve(exact):
    assert at_fixed_steps(exact, [999.0, 2.51e5]).empty
    slices = at_fixed_compute(exact, [1e-5 * PF_DAY]).frame
    steps = slices["tokens"] / BATCH
    assert steps.min() >= 999.9 and steps.max() <= 2.51e5
    assert len(slices) < 32


def test_levels_that_nobody_names_are_shared_by_five_curves(exact):
    for table, level in ((at_fixed_compute(exact).frame, "budget"), (at_fixed_steps(exact), "steps")):
        assert table.groupby(level).size().min() >= 5
    few = exact.subset(exact.frame["params"] < 3e4)
    assert few.n_runs == 3
    with pytest.raises(DataError, match="fewer than 5 training curves overlap"):
        at_fixed_compute(few)


def test_budgets_that_the_data_name_are_taken_as_measured():
    rows = [
        {"params": n, "budget": c, "tokens": c / (6 * n), "loss": 3 + 0.1 * math.log(n / 1e7) ** 2}
        for c in (1e17, 2e17, 4e17)
        for n in (2e6, 5e6, 1e7, 2e7, 5e7)
    ]
    runs = RunTable.from_frame(
        pd.DataFrame(rows), conventions=Conventions(param_count="non-embedding"), source="planted"
    )
    slices = at_fixed_compute(runs)
    assert slices.frame["loss"].to_list() == runs.frame["loss"].to_list()
    assert slices.frame["curve"].nunique() == as_curves(runs).n_runs == 5
    assert slices.n_runs == 15


def test_curves_without_tokens_are_refused():
    frame = pd.DataFrame({"N": [1e6] * 2, "C": [1e15, 2e15], "loss": [5, 4], "run": ["a", "a"]})
    runs = RunTable.from_frame(frame, conventions=Conventions("reported"), source="x.csv")
    with pytest.raises(DataError, match="without the tokens"):
        at_fixed_compute(runs, [1e15])


@pytest.mark.parametrize("text", ["1 two", "1 -2", "0", "nan", "inf"])
def test_a_list_that_does_not_hold_positive_numbers_is_refused(text):
    with pytest.raises(DataError, match="list of"):
        numbers(text)


def test_simulated_noise_is_as_large_as_stated():
    runs = simulate_curves(LAW, noise=0.01, seed=1, sizes=(1e5, 1e9, 400), steps=(1e3, 1e5, 5))
    frame = runs.frame
    off = np.log(frame["loss"]) - np.log(LAW.loss(frame["params"], frame["step"]))
    by_run = off.groupby(frame["run_id"])
    assert by_run.mean().std() == pytest.approx(0.01, rel=0.15)
    assert by_run.std().mean() == pytest.approx(0.002, rel=0.15)
    with pytest.raises(DataError, match="noise is -1"):
        simulate_curves(LAW, noise=-1, seed=0)


def test_minima_of_exact_curves_are_those_of_the_law(exact):
    minima = measured_minima(at_fixed_compute(exact, BUDGETS * PF_DAY), window=2.5)
    best = optimal_size(LAW, BUDGETS * PF_DAY)
    found = np.array([v.params_opt.value for v, _ in minima.used])
    assert len(found) == len(BUDGETS)
    assert found == pytest.approx(best.params, rel=0.07)
    assert [e.value for _, e in minima.used] == pytest.approx(best.loss, rel=1e-3)
    assert minima.flops_min == pytest.approx(best.flops_min, rel=0.01)
    assert minima.accountings.corrected.exponent.value == pytest.approx(0.681, abs=0.005)


def test_simulated_runs_give_back_the_law_and_figure_11(simulated):
    found = simulated.estimates
    assert simulated.fit.status == "converged"
    for name in ("N_c", "S_c", "alpha_N", "alpha_S"):
        assert getattr(LAW, name) in found[name]
    for fact in ("kaplan.fig11.pred.left", "kaplan.fig11.pred.right"):
        for name, stated in published(fact).values().items():
            assert found[name].value == pytest.approx(stated, rel=REFERENCE["relative_tolerance"])
            assert found[name].low < found[name].value < found[name].high
    slopes = [found["slope_first"].value, found["slope_last"].value]
    assert slopes == pytest.approx(REFERENCE["slopes"], abs=0.01)


def test_the_correction_flattens_the_law_of_the_minima(simulated):
    fixed, corrected = simulated.estimates["a_fixed"], simulated.estimates["a_corrected"]
    assert corrected.value < fixed.value - 0.08
    assert simulated.estimates["law_a_fixed"].value in fixed
    assert simulated.estimates["law_a_corrected"].value in corrected
    band = simulated.minima.band(np.array([1e-3, 1e-2]), corrected=False)
    assert (band[0] < simulated.minima.accountings.fixed_batch([1e-3, 1e-2])).all()
    assert (band[1] > band[0]).all()


def test_without_a_critical_batch_size_nothing_is_corrected():
    law = replace(LAW, critical=NO_CRITICAL_BATCH)
    runs = simulate_curves(law, noise=0.002, seed=0, sizes=(1e6, 1e9, 12))
    runs = replace(runs, conventions=replace(runs.conventions, loss_unit="nats/byte"))
    study = study_kaplan(runs, critical=NO_CRITICAL_BATCH, resamples=20)
    assert not study.estimates["a_corrected"].known
    assert study.estimates["a_fixed"].value == pytest.approx(
        study.law_laws.fixed_batch.exponent.value, abs=0.1
    )
    assert "not known" in study.facts["corrected"]
    assert not any("critical" in name for name in (*study.vary_fit().index, *study.vary_minima().index))
    (panel,) = plot_accountings(study.minima, study.law)
    assert panel.get_xlabel().startswith("C as spent")


def test_published_statements_by_three_routes():
    printed, six_decades, sizes, curves = published_accountings(BUDGETS * PF_DAY).values()
    assert (printed.fixed_batch.exponent.value, printed.corrected.exponent.value) == (0.88, 0.73)
    assert six_decades.corrected.exponent.value == pytest.approx(0.737, abs=5e-4)
    assert six_decades.corrected.coefficient.value == pytest.approx(1.26e9, rel=0.005)
    assert sizes.corrected.exponent.value == pytest.approx(0.746, abs=5e-4)
    assert curves.fixed_batch.exponent.value == pytest.approx(0.803, abs=5e-4)
    assert curves.corrected.exponent.value == pytest.approx(0.6812, abs=5e-5)


def test_the_last_choice_is_the_bias_of_the_parabola(exact):
    slices = at_fixed_compute(exact, BUDGETS * PF_DAY)
    ways = vary_minima(slices, LAW, window=4.0, batch=BATCH)
    again = ways.loc["parabola, window 4x", ["fixed batch", "corrected"]].to_numpy(float)
    assert ways.iloc[-1][["fixed batch", "corrected"]].to_numpy(float) == pytest.approx(again, abs=1e-3)


def test_a_choice_that_cannot_be_fitted_is_said_to_be_none(exact):
    early = exact.subset(exact.frame["step"] < 2000)
    study = study_kaplan(exact, budgets=BUDGETS, resamples=0)
    assert math.isnan(study.estimates["a_fixed"].low)
    choices = type(study)(**{**vars(study), "curves": early}).vary_fit()
    assert choices.loc["points after step 3000", "status"] == "no fit"
    assert math.isnan(choices.loc["points after step 3000", "alpha_N"])


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("dataset", "fact", "alpha_n", "at_fixed_batch", "corrected"),
    [
        ("porian-openwebtext2", "porian.owt2.step0", 0.0772, 0.845, 0.739),
        ("porian-refinedweb", "porian.rw.step0", 0.0648, 0.856, 0.745),
    ],
)
def test_measured_runs(public_file, dataset, fact, alpha_n, at_fixed_batch, corrected):
    public_file(dataset)
    study = study_kaplan(load(dataset, variant="kaplan"), warmup=1000, window=6, resamples=60)
    assert study.facts["n_minima"] == study.facts["n_budgets"] == "11"
    assert study.fit.status == "converged"
    found = study.estimates
    assert found["alpha_N"].value == pytest.approx(alpha_n, abs=5e-4)
    assert found["a_fixed"].value == pytest.approx(at_fixed_batch, abs=5e-4)
    assert found["a_corrected"].value == pytest.approx(corrected, abs=5e-4)
    # within 0.03 of the authors', who interpolate
    assert found["a"].value == pytest.approx(published(fact).values()["a"], abs=0.03)
    assert published(fact).values()["a"] in found["a"]


def test_interpolation_averages_the_curves_of_a_size_in_the_estimate_and_in_its_draws():
    log_n = np.linspace(-3, 3, 7)
    once, other = (log_n + 1) ** 2 / 20 + 1, (log_n - 1) ** 2 / 20 + 1
    both = np.repeat(log_n, 2), np.column_stack([once, other]).ravel()
    assert _lowest(*both, np.ones(14)) == pytest.approx(0, abs=1e-9)
    assert _lowest(*both, np.tile([1.0, 3.0], 7)) == pytest.approx(0.5, abs=0.02)
    assert _lowest(log_n, once, np.full(7, 2.0)) == pytest.approx(-1, abs=0.01)


def test_budgets_that_round_alike_are_apart_and_four_sizes_have_no_interpolated_exponent():
    law = KaplanLaw(N_c=6.5e13, S_c=2.1e3, alpha_N=0.077, alpha_S=0.76)
    runs = simulate_curves(law, noise=0, seed=0, sizes=(1e5, 1e9, 16))
    middle = float(np.exp(np.log(runs.frame["flops"]).median()))
    slices = at_fixed_compute(runs, [middle, 1.0001 * middle])
    assert slices.frame["run_id"].is_unique and slices.frame["budget"].nunique() == 2
    assert slices.final_points().n_runs == len(slices)
    assert np.isnan(interpolated_exponent(slices, resamples=5).value)
