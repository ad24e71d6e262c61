from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml

from scaling_utils import load
from scaling_utils.conventions import PF_DAY, Conventions
from scaling_utils.errors import DataError
from scaling_utils.fitting.trailing import fit_trailing
from scaling_utils.laws import published_law
from scaling_utils.runs.registry import load_table
from scaling_utils.runs.table import RunTable

REFERENCE = yaml.safe_load((Path(__file__).parents[1] / "reference" / "moba.yaml").read_text())
REPORTED = Conventions(flop_rule="reported", param_count="non-embedding")
TRUTH = {"moba": (1.6, 0.12), "full": (1.5, 0.1)}


@pytest.fixture(scope="module")
def moba():
    return load("lu2025-moba")


@pytest.fixture
def planted():
    """A function that makes curves of two methods that end on power laws."""

    def make(*, noise=0.0, seed=0, models=5, truth=None, shared=0.0):
        rng = np.random.default_rng(seed)
        common = shared * rng.normal(size=models)
        rows = []
        for method, (a, g) in (truth or TRUTH).items():
            for i, end in enumerate(np.geomspace(0.4, 5, models)):
                pf_days = end * np.array([0.1, 0.5, 1.0])
                loss = a * pf_days**-g * np.exp([0.2, 0.05, common[i] + noise * rng.normal()])
                params = 5e8 * (i + 1)
                rows.append(
                    pd.DataFrame(
                        {
                            "run_id": f"{method}/{i}",
                            "params": params,
                            "flops": pf_days * PF_DAY,
                            "loss": loss,
                            "panel": "last",
                            "attention": method,
                        }
                    )
                )
        return RunTable.from_frame(pd.concat(rows), conventions=REPORTED, source="planted")

    return make


def test_planted_laws_are_recovered(planted):
    fit = fit_trailing(planted(), panel="last")
    for method, (a, g) in TRUTH.items():
        assert fit.laws[method].coefficient.value == pytest.approx(a, rel=1e-12)
        assert -fit.laws[method].exponent.value == pytest.approx(g, rel=1e-12)
    crossing = (1.6 / 1.5) ** (1 / 0.02)
    assert fit.crossing.value == pytest.approx(crossing, rel=1e-9)
    assert fit.crossing.low == pytest.approx(crossing, rel=1e-6)
    assert fit.gap(2.0).value == pytest.approx(1.6 / 1.5 * 2**-0.02 - 1, rel=1e-9)
    assert fit.gap(crossing).value == pytest.approx(0, abs=1e-12)
    assert fit.extrapolation(50) == pytest.approx(10)


def test_student_intervals_are_those_of_least_squares(planted):
    runs = planted(noise=0.01, shared=0.02)
    fit = fit_trailing(runs, panel="last", resamples=200_000)
    ends = {m: fit.ends.loc[(m,), :] for m in TRUTH}
    x = sm.add_constant(np.log(ends["moba"]["pf_days"].to_numpy()))
    for method in TRUTH:
        expected = sm.OLS(np.log(ends[method]["loss"].to_numpy()), x).fit().conf_int()
        found = fit.laws[method]
        assert np.log([found.coefficient.low, found.coefficient.high]) == pytest.approx(expected[0], rel=0.02)
        assert [found.exponent.low, found.exponent.high] == pytest.approx(expected[1], rel=0.02)
    # the models are common to both methods, so the gap is that of the paired differences
    paired = np.log(ends["moba"]["loss"].to_numpy() / ends["full"]["loss"].to_numpy())
    expected = sm.OLS(paired, x).fit().get_prediction([[1, np.log(5)]]).conf_int()[0]
    gap = fit.gap(5.0)
    assert np.log1p([gap.low, gap.high]) == pytest.approx(expected, abs=0.02 * np.ptp(expected))


def test_laws_that_never_meet_again(planted):
    fit = fit_trailing(planted(truth={"moba": (1.6, 0.10), "full": (1.5, 0.12)}), panel="last")
    assert fit.crossing.value == np.inf
    noisy = fit_trailing(
        planted(truth={"moba": (1.6, 0.101), "full": (1.5, 0.1)}, noise=0.02), panel="last", resamples=2000
    )
    assert noisy.crossing.high == np.inf


def test_bootstrap_resamples_models_for_both_methods(planted):
    fit = fit_trailing(planted(shared=0.05), panel="last", interval="bootstrap", resamples=3000)
    # the scatter is common to both methods and cancels in the gap
    assert fit.gap(1.0).high - fit.gap(1.0).low < 1e-9
    assert fit.laws["full"].coefficient.high - fit.laws["full"].coefficient.low > 0.01
    assert fit.failed_share == pytest.approx(305 / 3125, abs=0.02)
    again = fit_trailing(planted(shared=0.05), panel="last", interval="bootstrap", resamples=3000)
    assert np.array_equal(fit.draws, again.draws, equal_nan=True)


@pytest.mark.slow
def test_coverage_of_the_intervals(planted):
    # 600 sets, five models: student 0.95, 0.95, 0.95, 0.94; bootstrap 0.81, 0.87, 0.82, 0.87
    a, g = TRUTH["moba"]
    gap, crossing = 1.6 / 1.5 * 5**-0.02 - 1, (1.6 / 1.5) ** 50
    hits = []
    for seed in range(200):
        fit = fit_trailing(planted(noise=0.004, shared=0.012, seed=seed), panel="last", resamples=2000)
        law = fit.laws["moba"]
        hits.append((a in law.coefficient, -g in law.exponent, gap in fit.gap(5.0), crossing in fit.crossing))
    assert np.mean(hits, axis=0) == pytest.approx(0.95, abs=0.05)


def test_without_draws_there_are_no_intervals(planted):
    fit = fit_trailing(planted(), panel="last", resamples=0)
    assert np.isnan([fit.gap(1.0).low, fit.crossing.low, fit.laws["moba"].exponent.high]).all()


@pytest.mark.parametrize("panel", REFERENCE["printed"])
def test_published_laws_from_the_curves(moba, panel):
    fit = fit_trailing(moba, panel=panel)
    tolerance = REFERENCE["from_curves"]
    for method, (a, g) in REFERENCE["printed"][panel].items():
        law = fit.laws[method]
        assert law.coefficient.value == pytest.approx(a, rel=tolerance["relative_tolerance_a"])
        assert -law.exponent.value == pytest.approx(g, abs=tolerance["tolerance_g"])
        assert a in law.coefficient
        assert -g in law.exponent


def test_all_panels_from_the_curves(moba):
    drawn = load_table("lu2025-moba-projections").set_index(["panel", "attention"])
    tolerance, errors = REFERENCE["from_curves"], []
    compute = np.geomspace(0.4, 5, 30)
    for panel in moba.frame["panel"].unique():
        fit = fit_trailing(moba, panel=panel, resamples=0)
        for method, law in fit.laws.items():
            a, g = drawn.loc[(panel, method), ["a_fit", "b_fit"]]
            errors.append(np.log(law(compute)) - np.log(a * compute**-g))
            assert -law.exponent.value == pytest.approx(g, abs=tolerance["tolerance_g_any_panel"])
    assert np.sqrt(np.mean(np.square(errors))) < tolerance["rms_loss"]


def test_the_gap_beyond_the_data_is_open(moba):
    fit = fit_trailing(moba, panel="30-32")
    for compute in (0.4, 1.0, 5.0):
        assert fit.gap(compute).low > 0
        assert REFERENCE["gap"][compute] in fit.gap(compute)
    assert REFERENCE["crossing_pf_days"] in fit.crossing
    assert fit.crossing.high == np.inf
    assert fit.extrapolation(fit.crossing.value) > 20


def test_published_gap_and_crossing():
    laws = [published_law(f"lu2025-{method}-30-32") for method in ("moba", "full")]
    for pf_days, gap in REFERENCE["gap"].items():
        first, second = (float(law.loss(flops=pf_days * PF_DAY)) for law in laws)
        assert first / second - 1 == pytest.approx(gap, abs=6e-5)
    (a1, g1), (a2, g2) = (law.theta for law in laws)
    assert (a1 / a2) ** (1 / (g1 - g2)) == pytest.approx(REFERENCE["crossing_pf_days"], abs=0.5)


def test_drawn_lines_are_the_printed_laws():
    table = load_table("lu2025-moba-projections").replace({"panel": {"fig3a": "8k", "fig3b": "30-32"}})
    tolerance = REFERENCE["from_drawing"]
    assert len(table) == 36
    for row in table.itertuples():
        a, g = published_law(f"lu2025-{row.attention}-{row.panel}").theta
        assert (a, g) == (row.a_pub, row.b_pub)
        assert row.a_fit == pytest.approx(a, rel=tolerance["relative_tolerance_a"])
        assert row.b_fit == pytest.approx(g, abs=tolerance["tolerance_g"])


def test_the_gap_is_small_at_short_distance_and_not_at_long(moba):
    for row in ("0-2", "2-4", "4-6", "6-8"):
        assert abs(_published_gap(row)) <= 0.0045
    for row in ("16-18", "22-24", "30-32"):
        assert 0.02 < _published_gap(row) < 0.07


def _published_gap(panel):
    first, second = (published_law(f"lu2025-{m}-{panel}").loss(flops=PF_DAY) for m in ("moba", "full"))
    return float(first / second - 1)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"panel": "first"}, r"column 'panel': no row has 'first'\. There are last"),
        ({"methods": ("moba", "sparse")}, "column 'attention': no row has 'sparse'"),
        ({"tail": 1.0}, "tail is 1"),
        ({"interval": "normal"}, "'student', 'bootstrap'"),
    ],
)
def test_misuse_is_explained(planted, options, complaint):
    with pytest.raises(DataError, match=complaint):
        fit_trailing(planted(), **{"panel": "last", **options})


def test_runs_that_cannot_be_compared(planted):
    runs = planted()
    with pytest.raises(DataError, match="in one of the two methods only"):
        fit_trailing(runs.subset(runs.frame["run_id"] != "full/2"), panel="last")
    with pytest.raises(DataError, match="at least 4 models, not 3"):
        fit_trailing(planted(models=3), panel="last")
    bare = RunTable.from_frame(runs.frame.drop(columns="panel"), conventions=REPORTED, source="planted")
    with pytest.raises(DataError, match="there is no column 'panel'"):
        fit_trailing(bare, panel="last")
