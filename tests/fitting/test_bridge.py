import numpy as np
import pytest

from scaling_utils.errors import DataError
from scaling_utils.fitting.bridge import fit_law
from scaling_utils.fitting.coordinates import Coordinates
from scaling_utils.fitting.parametric import drop_largest_losses, fit_parametric
from scaling_utils.laws import HOFFMANN, KAPLAN_NS, LAWS, POWER_LAW, POWER_LAW_FLOOR

FLOPS = np.geomspace(1e18, 1e22, 15)
VARIABLE = {
    "params": np.tile(np.geomspace(1e6, 1e9, 5), 4),
    "tokens": np.repeat(np.geomspace(1e9, 1e11, 4), 5),
    "steps_min": np.repeat(np.geomspace(1e3, 1e5, 4), 5),
    "flops": np.geomspace(1e17, 1e21, 20),
    "flops_min": np.geomspace(1e17, 1e21, 20),
}
TRUTH = {
    "hoffmann": (1.69, 406.4, 410.7, 0.34, 0.28),
    "power-law": (30.0, 0.06),
    "power-law-floor": (1.7, 300.0, 0.13),
    "kaplan-n": (8.8e13, 0.076),
    "kaplan-d": (5.4e13, 0.095),
    "kaplan-c": (1.4e27, 0.057),
    "kaplan-cmin": (2.7e28, 0.05),
    "kaplan-nd": (6.4e13, 1.8e13, 0.076, 0.103),
    "kaplan-ns": (6.5e13, 2.1e3, 0.077, 0.76),
}


def points(law):
    return {name: VARIABLE[name] for name in law.variables}


@pytest.mark.parametrize("objective", ["huber", "least-squares", "least-absolute"])
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_every_law_comes_back_exactly(law, objective):
    truth = np.array(TRUTH[law.id])
    loss = law.value(truth, *points(law).values())
    starts = truth * np.exp(0.15 * np.random.default_rng(1).standard_normal((10, len(truth))))
    fit = fit_law(law, points(law), loss, starts=starts, objective=objective)
    assert fit.status == "converged"
    assert np.log(fit.values()) == pytest.approx(np.log(truth), abs=1e-5)
    assert fit.law == fit.method == law.id


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_jacobian_against_finite_differences(law):
    loss = law.value(TRUTH[law.id], *points(law).values())
    form = Coordinates(law, list(points(law).values()), np.log(loss), {})
    theta = form.internal(np.array(TRUTH[law.id])) + 0.01
    steps = 1e-6 * np.eye(len(theta))
    numeric = np.stack(
        [(form.residuals(theta + s) - form.residuals(theta - s)) / 2e-6 for s in steps], axis=1
    )
    assert form.jacobian(theta) == pytest.approx(numeric, rel=1e-6, abs=1e-8)


def test_same_answer_as_the_special_fit_of_the_surface():
    from scaling_utils import load

    runs = drop_largest_losses(load("hoffmann2022-fig4"), 5)
    special = fit_parametric(runs, resamples=0)
    columns = {name: runs.frame[name] for name in ("params", "tokens")}
    fit = fit_law(HOFFMANN, columns, runs.frame["loss"], starts=TRUTH["hoffmann"])
    assert fit.values() == pytest.approx(special.values(*HOFFMANN.names), rel=1e-6)
    assert fit.diagnostics["objective"] == pytest.approx(special.diagnostics["objective"], rel=1e-9)


def test_derived_estimates_and_their_intervals():
    noisy = 30 * FLOPS**-0.06 * np.exp(0.01 * np.random.default_rng(1).standard_normal(15))
    fit = fit_law(
        POWER_LAW,
        {"flops": FLOPS},
        noisy,
        starts=(20, 0.05),
        resamples=200,
        derived={"half": lambda v: 2 ** (1 / v["g"])},
        units={"half": "times the compute"},
        provenance={"source": "test"},
    )
    g, half = fit.estimates["g"], fit.estimates["half"]
    assert 0.06 in g and half.value == pytest.approx(2 ** (1 / g.value))
    assert (half.low, half.high) == pytest.approx((2 ** (1 / g.high), 2 ** (1 / g.low)), rel=0.02)
    assert half.unit == "times the compute" and fit.estimates["A"].unit == "nats/token compute^g"
    assert fit.provenance["source"] == "test" and fit.provenance["seed"] == 0


def test_groups_are_drawn_as_a_whole_and_equal_resamples_fitted_once(monkeypatch):
    from scaling_utils.fitting.problem import Problem

    calls = []
    original = Problem.polish_weighted

    def counted(self, start, weights, objective):
        calls.append(tuple(weights))
        return original(self, start, weights, objective)

    monkeypatch.setattr(Problem, "polish_weighted", counted)
    loss = 30 * FLOPS**-0.06 * np.exp(0.01 * np.random.default_rng(0).standard_normal(15))
    fit = fit_law(
        POWER_LAW, {"flops": FLOPS}, loss, starts=(20, 0.05), groups=np.repeat(list("abc"), 5), resamples=500
    )
    assert fit.n_runs == 3
    resampled = calls[12:]  # after the starts
    assert len(resampled) == len(set(resampled)) == 10  # ways to draw three of three with replacement
    assert all(len(set(weights[first : first + 5])) == 1 for weights in resampled for first in (0, 5, 10))
    assert len(fit.draws["g"]) == 500


def test_a_floor_that_is_not_there_is_a_bound():
    fit = fit_law(POWER_LAW_FLOOR, {"flops": FLOPS}, 30 * FLOPS**-0.06 - 0.2, starts=(0.5, 30, 0.06))
    assert fit.status == "bound hit"


def test_a_law_that_the_data_cannot_tell_apart():
    params = np.full(12, 1e8)
    loss = KAPLAN_NS.value(TRUTH["kaplan-ns"], params, np.geomspace(1e3, 1e5, 12))
    columns = {"params": params, "steps_min": np.geomspace(1e3, 1e5, 12)}
    assert fit_law(KAPLAN_NS, columns, loss, starts=TRUTH["kaplan-ns"]).status in (
        "ill-conditioned",
        "starts disagree",
    )


def test_noise_without_law_is_not_converged():
    loss = 10 ** np.random.default_rng(0).uniform(-2.5, 2.5, 15)
    for law, start in ((POWER_LAW, (20, 0.05)), (POWER_LAW_FLOOR, (0.5, 30, 0.06))):
        assert fit_law(law, {"flops": FLOPS}, loss, starts=start).status != "converged"


def test_too_few_points():
    fit = fit_law(POWER_LAW, {"flops": [1e18, 1e18, 1e19]}, [3.0, 3.1, 2.9], starts=(20, 0.05))
    assert fit.status == "too few runs" and np.isnan(fit.values()).all()


def test_bad_input_is_named():
    with pytest.raises(DataError, match=r"column 'loss': 1 of 15 values \(the first in row 1\)"):
        fit_law(POWER_LAW, {"flops": FLOPS}, np.r_[np.nan, FLOPS[1:]], starts=(20, 0.05))
    with pytest.raises(DataError, match="different numbers of points"):
        fit_law(POWER_LAW, {"flops": FLOPS}, [3.0, 2.9], starts=(20, 0.05))
    for starts in ((0, 0.05), (20, 50), (20, np.nan)):
        with pytest.raises(ValueError, match="inside the bounds"):
            fit_law(POWER_LAW, {"flops": FLOPS}, 1 / FLOPS, starts=starts)
    with pytest.raises(ValueError, match="starts need the parameters"):
        fit_law(POWER_LAW, {"flops": FLOPS}, 1 / FLOPS, starts=(1, 2, 3))
    with pytest.raises(KeyError):
        fit_law(POWER_LAW, {"params": FLOPS}, 1 / FLOPS, starts=(20, 0.05))


def test_narrower_bounds_are_kept():
    loss = 30 * FLOPS**-0.06
    fit = fit_law(POWER_LAW, {"flops": FLOPS}, loss, starts=(20, 0.04), bounds={"g": (0.01, 0.05)})
    assert fit.status == "bound hit"
    assert fit.estimates["g"].value == pytest.approx(0.05)
