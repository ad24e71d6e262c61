import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from scaling_utils import load
from scaling_utils.allocation import ModelShape, allocate, compare_laws, size_cost
from scaling_utils.allocation.constants import constants_table, surface_results
from scaling_utils.allocation.off_optimum import tolerated
from scaling_utils.allocation.planning import plan_table, planning_sources, reach
from scaling_utils.allocation.shape import converted
from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.figures.planning import plan_words
from scaling_utils.fitting.envelope import fit_envelope, simulate_runs
from scaling_utils.fitting.isoflop import fit_isoflop
from scaling_utils.fitting.parametric import ABSOLUTE, HUBER, drop_largest_losses, fit_parametric
from scaling_utils.laws import HoffmannLaw, allocation_law, allocation_laws, published_law
from scaling_utils.results import Estimate, FitResult

GOPHER = 5.76e23
SURFACE = HoffmannLaw(**published_law("besiroglu2024").values)


@pytest.fixture(scope="module")
def surface_fit():
    return fit_parametric(drop_largest_losses(load("hoffmann2022-fig4"), 5), resamples=400)


def test_published_anchors():
    # rounding the exponents alone moves the best size at the Gopher budget from 40B to 32B
    assert allocate(published_law("hoffmann2022"), GOPHER).params.value == pytest.approx(32.2e9, rel=0.01)
    unrounded = allocate(published_law("hoffmann2022-unrounded"), GOPHER).params.value
    assert unrounded == pytest.approx(40.4e9, rel=0.01)
    # the two sizes that Hoffmann et al. compare at 1e21 FLOPs
    kaplan = allocate(allocation_law("kaplan2020-params"), 1e21).params.value
    assert kaplan == pytest.approx(4.683e9, rel=1e-3)
    approach_1 = allocate(allocation_law("hoffmann2022-approach1-params"), 1e21).params.value
    assert approach_1 == pytest.approx(2.86e9, rel=0.01)


@pytest.mark.parametrize("flops", [1e18, 1e22, GOPHER])
def test_no_size_beats_the_best_one(surface_fit, flops):
    best = allocate(surface_fit, flops)
    assert best.flops == pytest.approx(6 * best.params.value * best.tokens.value, rel=1e-12)
    for factor in (0.8, 0.99, 1.01, 1.25):
        other = size_cost(surface_fit, flops, best.params.value * factor)
        assert other.penalty.value > 0
        assert 0 < other.wasted.value < 1
        assert other.loss.value == pytest.approx(best.loss.value + other.penalty.value, rel=1e-12)
    assert size_cost(surface_fit, flops, best.params.value).wasted.value == pytest.approx(0, abs=1e-9)


def test_the_wasted_share_is_what_the_best_size_would_save(surface_fit):
    cost = size_cost(surface_fit, GOPHER, 280e9)
    saved = allocate(surface_fit, GOPHER * (1 - cost.wasted.value))
    assert saved.loss.value == pytest.approx(cost.loss.value, rel=1e-9)


def test_intervals_come_from_the_draws_and_widen_with_extrapolation(surface_fit):
    near, far = (allocate(surface_fit, c) for c in (1e20, 1e25))
    assert near.params.low < near.params.value < near.params.high
    assert far.params.high / far.params.low > near.params.high / near.params.low
    assert far.extrapolation == pytest.approx(1e25 / surface_fit.diagnostics["largest_flops"])
    assert math.isnan(allocate(published_law("hoffmann2022"), 1e20).params.low)


def test_approach_2_projects_as_its_own_result_does():
    fit = fit_isoflop(load("hoffmann2022-fig4"), resamples=300)
    ours = allocate(FitResult.from_json(fit.as_fit_result().to_json()), GOPHER)
    params, tokens = fit.project(GOPHER)
    for mine, theirs in ((ours.params, params), (ours.tokens, tokens)):
        assert (mine.value, mine.low, mine.high) == pytest.approx((theirs.value, theirs.low, theirs.high))
    assert math.isnan(ours.loss.value)


def test_every_approach_plans_by_what_its_fit_returned():
    by_curves = fit_envelope(simulate_runs(SURFACE, noise=0.0, seed=0), resamples=20)
    by_slices = fit_isoflop(load("hoffmann2022-fig4"), resamples=20)
    for fit in (by_curves, by_slices):
        assert repr(allocate(fit, 1e22)) == repr(allocate(fit.as_fit_result(), 1e22))
        assert reach(fit) == fit.as_fit_result().diagnostics["largest_flops"]
    assert list(compare_laws([by_slices], 1e22).index) == ["approach2 on hoffmann2022-fig4"]
    table = plan_table({"ours": by_slices}, 1e22)
    assert plan_words({"ours": by_slices}, table) == plan_words({"ours": by_slices.as_fit_result()}, table)


def test_draws_without_a_best_size_are_left_out(surface_fit):
    draws = {name: values.copy() for name, values in surface_fit.draws.items()}
    draws["alpha"][0], draws["beta"][1] = -0.01, 0.0
    for name in ("alpha", "beta"):
        draws[name][2] = 1e-6
    spoilt = replace(surface_fit, draws=draws)
    kept = {name: values[3:] for name, values in draws.items()}
    assert allocate(spoilt, 1e22).params == allocate(replace(surface_fit, draws=kept), 1e22).params
    vanished = replace(surface_fit, estimates={**surface_fit.estimates, "alpha": Estimate(0.0)})
    with pytest.raises(DataError, match="leaves no best size"):
        allocate(vanished, 1e22)


@pytest.mark.parametrize("source", ["besiroglu2024", None, 3])
def test_what_is_no_law_is_refused(source):
    with pytest.raises(DataError, match=r"neither a fit nor a published law.*published_law"):
        allocate(source, 1e22)


@pytest.mark.parametrize("flops", [1e19, 1e24])
@pytest.mark.parametrize("law", ["kaplan2020-params", "porian2024-refinedweb-params"])
def test_counting_otherwise_meets_the_same_budget(law, flops):
    shape = ModelShape(vocab=50_257, aspect=64)
    best = allocate(allocation_law(law), flops, param_count="total", shape=shape)
    assert 6 * best.params.value * best.tokens.value == pytest.approx(flops, rel=1e-9)
    assert best.conventions.param_count == "total"


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("count", ["total", "non-embedding-with-head"])
def test_a_count_converted_there_and_back_is_itself(count, tied):
    params, shape = np.geomspace(1e4, 1e13, 50), ModelShape(tied=tied)
    inner = converted(params, count, "non-embedding", shape)
    assert (np.diff(inner) > 0).all() and (inner < params).all()
    assert converted(inner, "non-embedding", count, shape) == pytest.approx(params, rel=1e-12)


def test_a_budget_in_other_params_is_met_where_embeddings_dominate():
    law, shape = published_law("besiroglu2024"), ModelShape()

    def beyond(log_budget):  # the law's own budget, bisected
        best = allocate(law, math.exp(log_budget))
        inner = converted(np.array([best.params.value]), "total", "non-embedding", shape)[0]
        return math.log(6 * inner * best.tokens.value / 1e17)

    own = allocate(law, math.exp(brentq(beyond, math.log(1e17), math.log(1e20), xtol=1e-13)))
    best = allocate(law, 1e17, param_count="non-embedding")
    assert best.tokens.value == pytest.approx(own.tokens.value, rel=1e-9)
    inner = np.array([best.params.value])
    assert converted(inner, "non-embedding", "total", shape)[0] == pytest.approx(own.params.value, rel=1e-9)


def test_a_budget_that_cannot_be_met_is_an_error_and_such_a_draw_is_left_out():
    draws = {"a": np.array([0.5, 0.52, 2.5]), "ln_k": np.array([-2.5, -3.1, -90.0])}
    estimates = {"a": Estimate(0.51), "k_params": Estimate(0.06)}
    counts = Conventions(param_count="non-embedding")
    fit = FitResult("approach2", "power-law", "converged", 9, estimates, conventions=counts, draws=draws)
    best = allocate(fit, 1e15, param_count="total")
    kept = allocate(replace(fit, draws={k: v[:2] for k, v in draws.items()}), 1e15, param_count="total")
    assert best.params == kept.params and np.isfinite(best.params.low)
    steep = {"a": Estimate(2.5), "k_params": Estimate(math.exp(-90.0))}
    with pytest.raises(DataError, match=r"no best size whose budget is 1e\+15 FLOPs in total params"):
        allocate(replace(fit, estimates=steep), 1e15, param_count="total")


def test_the_embedding_matters_less_for_larger_models():
    law = allocation_law("kaplan2020-params")
    ratios = [
        allocate(law, c, param_count="total").params.value / allocate(law, c).params.value
        for c in (1e17, 1e20, 1e24)
    ]
    assert ratios[0] > ratios[1] > ratios[2] > 0.99


def test_every_published_allocation_with_a_coefficient_can_be_compared():
    laws = [law for law in allocation_laws().values() if law.coefficient is not None]
    table = compare_laws(laws, 1e22)
    assert list(table.index) == [law.id for law in laws]
    assert (table["params"] > 0).all() and (table["tokens"] > 0).all()
    assert 6 * table["params"].to_numpy() * table["tokens"].to_numpy() == pytest.approx(1e22, rel=1e-9)


def test_two_fits_of_the_same_runs_stand_side_by_side(surface_fit):
    other = fit_parametric(load("hoffmann2022-fig4"), resamples=0)
    name = allocate(surface_fit, GOPHER).law
    assert allocate(other, GOPHER).law == name
    table = compare_laws([surface_fit, other, surface_fit], GOPHER)
    assert list(table.index) == [name, f"{name} (2)", f"{name} (3)"]
    assert table["params"].iloc[0] == table["params"].iloc[2] != table["params"].iloc[1]
    assert list(planning_sources(surface_fit, other))[:2] == [name, f"{name} (2)"]


@pytest.mark.parametrize("flops", [0.0, -1.0, math.nan, math.inf])
def test_a_budget_is_positive(flops):
    with pytest.raises(DataError, match="must be positive"):
        allocate(published_law("hoffmann2022"), flops)


def test_what_has_no_best_size_says_so():
    with pytest.raises(DataError, match="no best size"):
        allocate(published_law("kaplan2020-d"), 1e20)
    with pytest.raises(DataError, match="no coefficient"):
        allocate(allocation_law("hu2024-params"), 1e20)
    with pytest.raises(DataError, match="says nothing about the best size"):
        allocate(FitResult("power-law", "power-law", "converged", 9, {"g": Estimate(0.1)}), 1e20)
    with pytest.raises(DataError, match="says nothing about the loss"):
        size_cost(allocation_law("kaplan2020-params"), 1e20, 1e9)


def test_a_fit_read_back_plans_the_same(surface_fit):
    again = FitResult.from_json(surface_fit.to_json())
    assert allocate(again, GOPHER).as_dict() == allocate(surface_fit, GOPHER).as_dict()
    assert np.isfinite(allocate(again, GOPHER).params.low)


def test_a_fit_without_a_best_size_is_the_same_error_everywhere(surface_fit):
    vanished = replace(surface_fit, estimates={**surface_fit.estimates, "alpha": Estimate(0.0)})
    otherwise = replace(vanished, conventions=Conventions(param_count="non-embedding"))
    for ask in (
        lambda: size_cost(vanished, 1e22, 1e9),
        lambda: tolerated(vanished),
        lambda: allocate(otherwise, 1e22, param_count="total"),
    ):
        with pytest.raises(DataError, match="leaves no best size"):
            ask()


def test_constants_of_a_fit_without_a_best_size_are_shown(surface_fit):
    vanished = replace(surface_fit, estimates={**surface_fit.estimates, "A": Estimate(0.0)})
    table = constants_table({"fit": surface_fit, "vanished": vanished}, 1e22)
    assert table["A"]["vanished"] == 0 and math.isnan(table["N_opt"]["vanished"])
    assert table["N_opt"]["fit"] == allocate(surface_fit, 1e22).params.value
    found = surface_results({HUBER: surface_fit, ABSOLUTE: vanished}, 1e22)
    assert not found["params_projected_lad"].known
    assert found["extrapolation"] == allocate(surface_fit, 1e22).extrapolation
