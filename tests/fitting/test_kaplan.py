import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from scaling_utils import load
from scaling_utils.conventions import PF_DAY, Conventions
from scaling_utils.errors import ConventionError, DataError
from scaling_utils.fitting.isoflop import fit_isoflop
from scaling_utils.fitting.kaplan import (
    both_accountings,
    fit_kaplan,
    fixed_compute_curve,
    optimal_size,
)
from scaling_utils.fitting.kaplan.fitted import fitted_law
from scaling_utils.laws import (
    KAPLAN_NS,
    NO_CRITICAL_BATCH,
    CriticalBatch,
    KaplanLaw,
    allocation_law,
    published_law,
)
from scaling_utils.results import FitResult
from scaling_utils.runs.table import RunTable

REFERENCE = yaml.safe_load((Path(__file__).parents[1] / "reference" / "kaplan_fig11.yaml").read_text())
LAW = KaplanLaw(**published_law("kaplan2020-ns").values)
KAPLAN = Conventions(flop_rule="6ND", param_count="non-embedding")
BATCH = 2.0**19


@pytest.mark.parametrize("row", REFERENCE["fixed_compute"], ids=lambda row: f"{row['pf_days']:g}")
def test_minima_of_figure_11(row):
    best = optimal_size(LAW, row["pf_days"] * PF_DAY)
    assert float(best.params) == pytest.approx(row["params"], rel=REFERENCE["relative_tolerance"])
    assert float(best.loss) == pytest.approx(row["loss"], abs=0.006)
    around = best.params * np.geomspace(0.5, 2, 2001)
    curve = fixed_compute_curve(LAW, best.flops, around)
    assert around[np.argmin(curve)] == pytest.approx(float(best.params), rel=1e-3)
    assert curve.min() == pytest.approx(float(best.loss), rel=1e-9)


def test_the_slope_falls_along_the_budgets():
    best = optimal_size(LAW, [row["pf_days"] * PF_DAY for row in REFERENCE["fixed_compute"]])
    by_decade = np.diff(np.log10(best.params))
    assert by_decade[[0, -1]] == pytest.approx(REFERENCE["slopes"], abs=0.01)
    assert (np.diff(best.slope) < 0).all()
    flops = best.flops * 1.001
    numeric = np.log(optimal_size(LAW, flops).params / best.params) / math.log(1.001)
    assert numeric == pytest.approx(best.slope, rel=1e-3)


@pytest.mark.parametrize("steps", REFERENCE["fixed_steps"]["loss"])
def test_fixed_steps_of_figure_11(steps):
    curve = LAW.loss(REFERENCE["fixed_steps"]["params"], steps)
    assert curve == pytest.approx(REFERENCE["fixed_steps"]["loss"][steps], abs=0.006)


@pytest.mark.parametrize("batch", [1e3, BATCH, 1e9])
def test_an_optimum_is_one_point_in_both_accountings(batch):
    best = optimal_size(LAW, np.geomspace(1e14, 1e23, 10), batch=batch)
    assert best.flops == pytest.approx(np.geomspace(1e14, 1e23, 10), rel=1e-11)
    assert best.flops == pytest.approx(6 * best.params * batch * best.steps)
    assert best.loss == pytest.approx(LAW.loss_at(best.params, best.steps_min))
    assert best.loss == pytest.approx(LAW.loss(best.params, best.steps, batch=batch))
    laws = both_accountings(best.flops, best.params, best.loss, batch=batch)
    # equation 6.5: a pure power law in C_min, whatever the batch
    exponent = 1 / (1 + 0.077 * (1 / 0.76 + 1 / 0.21))
    assert laws.corrected.exponent.value == pytest.approx(exponent, rel=1e-9)
    assert laws.corrected(best.flops_min / PF_DAY) == pytest.approx(best.params, rel=1e-8)


@pytest.mark.parametrize("low_high", REFERENCE["accountings"]["ranges"], ids=str)
def test_the_two_published_exponents_are_one_law_in_two_accountings(low_high):
    known = REFERENCE["accountings"]
    flops = np.geomspace(*low_high, 200) * PF_DAY
    params = allocation_law("kaplan2020-fixed-batch-params").value(flops)
    laws = both_accountings(flops, params, published_law("kaplan2020-c").loss(flops=flops))
    assert laws.fixed_batch.exponent.value == pytest.approx(known["fixed_batch"]["exponent"])
    assert laws.fixed_batch.coefficient.value == pytest.approx(known["fixed_batch"]["coefficient"])
    published, tolerance = known["corrected"], known["exponent_tolerance"]
    assert laws.corrected.exponent.value == pytest.approx(published["exponent"], abs=tolerance)
    assert laws.corrected.coefficient.value == pytest.approx(
        published["coefficient"], rel=known["relative_coefficient_tolerance"]
    )


@pytest.mark.public_data
def test_the_correction_flattens_a_measured_law(public_file):
    public_file("porian-openwebtext2")
    fit = fit_isoflop(load("porian-openwebtext2", variant="kaplan"), resamples=0)
    laws = both_accountings(
        [v.budget for v in fit.used], [v.params_opt.value for v in fit.used], [v.loss_min for v in fit.used]
    )
    assert laws.fixed_batch.exponent.value == pytest.approx(fit.params_law.exponent.value)
    assert 0.6 < laws.corrected.exponent.value < laws.fixed_batch.exponent.value - 0.05


@pytest.fixture
def curves():
    """A function that makes training curves from a law at a finite batch."""

    def make(law=LAW, *, noise=0.0, seed=0, batch=BATCH, sizes=6, conventions=KAPLAN):
        rng = np.random.default_rng(seed)
        rows = []
        for params in np.geomspace(1e6, 1e9, sizes):
            steps = np.geomspace(500, 2.5e5, 25)
            loss = law.loss(params, steps, batch=batch) * np.exp(noise * rng.normal(size=len(steps)))
            rows.append(
                pd.DataFrame(
                    {
                        "run_id": f"{params:g}",
                        "params": params,
                        "step": steps,
                        "tokens": steps * batch,
                        "loss": loss,
                    }
                )
            )
        return RunTable.from_frame(pd.concat(rows), conventions=conventions, source="planted")

    return make


PLANTED = KaplanLaw(N_c=2e13, S_c=900.0, alpha_N=0.11, alpha_S=0.6, critical=CriticalBatch(1e8, 0.25))


@pytest.mark.parametrize("law", [LAW, PLANTED], ids=["kaplan", "another"])
def test_planted_curves_are_recovered(curves, law):
    fit = fit_kaplan(curves(law), critical=law.critical)
    assert fit.status == "converged"
    assert fit.law == KAPLAN_NS.id
    assert fit.n_runs == 6
    assert np.log(fit.values(*KAPLAN_NS.names)) == pytest.approx(np.log(law.theta), rel=1e-6)
    spend = 1 / law.alpha_N + 1 / law.alpha_S + 1 / law.critical.exponent
    assert fit.estimates["p_N"].value == pytest.approx(1 / law.alpha_N / spend, rel=1e-6)
    assert fit.estimates["alpha_C_min"].value == pytest.approx(1 / spend, rel=1e-6)


@pytest.mark.parametrize("unit", ["nats/token", "nats/byte"])
def test_without_a_critical_batch_size_the_steps_are_taken_as_they_are(curves, unit):
    law = replace(PLANTED, critical=NO_CRITICAL_BATCH)
    runs = curves(law, conventions=replace(KAPLAN, loss_unit=unit))
    fit = fit_kaplan(runs, critical=NO_CRITICAL_BATCH)
    assert np.log(fit.values(*KAPLAN_NS.names)) == pytest.approx(np.log(law.theta), rel=1e-6)
    assert law.loss(1e7, 1e4, batch=BATCH) == law.loss_at(1e7, 1e4)
    # N_opt at this batch, from the slope of the minima themselves
    best = optimal_size(law, [1e16, 1e20], batch=BATCH)
    slope = np.diff(np.log(best.params)) / np.log(1e4)
    assert fit.estimates["p_N"].value == pytest.approx(slope.item(), rel=1e-6)
    assert np.isnan(best.flops_min).all()
    assert fitted_law(FitResult.from_json(fit.to_json())).critical == NO_CRITICAL_BATCH


def test_where_the_steps_come_from(curves):
    runs = curves()
    expected = fit_kaplan(runs)
    for columns in (["step"], ["tokens"]):
        keep = ["run_id", "params", "loss", *columns]
        conventions = KAPLAN if "tokens" in columns else Conventions("reported", "non-embedding")
        frame = runs.frame[keep].assign(flops=runs.frame["flops"])
        thinner = RunTable.from_frame(frame, conventions=conventions, source="planted")
        again = fit_kaplan(thinner, batch=BATCH)
        assert again.values("alpha_N", "alpha_S") == pytest.approx(expected.values("alpha_N", "alpha_S"))
        if columns == ["tokens"]:
            with pytest.raises(DataError, match="Give the batch size"):
                fit_kaplan(thinner)


def test_a_wrong_batch_is_a_wrong_law(curves):
    fit = fit_kaplan(curves(), batch=4 * BATCH)
    assert abs(fit.estimates["alpha_S"].value - 0.76) > 0.01


def test_intervals_hold_the_truth_and_warm_up_is_left_out(curves):
    fit = fit_kaplan(curves(noise=0.003, sizes=12), warmup=1000, resamples=200)
    assert fit.diagnostics["left_out"] == 12 * 3
    for name in KAPLAN_NS.names:
        assert getattr(LAW, name) in fit.estimates[name]
        assert len(fit.draws[name]) == 200


def test_misuse_is_explained(curves):
    runs = curves()
    with pytest.raises(DataError, match="no point is after the warm-up of 1e\\+06 steps"):
        fit_kaplan(runs, warmup=1e6)
    with pytest.raises(DataError, match="batch is -1"):
        fit_kaplan(runs, batch=-1)
    with pytest.raises(ConventionError, match="nats/token, not bits/token"):
        fit_kaplan(runs.with_loss_unit("bits/token"))


@pytest.mark.parametrize("sizes", [1, 2])
def test_too_few_sizes_are_not_a_law(curves, sizes):
    with pytest.raises(DataError, match=f"at least 3 model sizes, not {sizes}"):
        fit_kaplan(curves(sizes=sizes))
