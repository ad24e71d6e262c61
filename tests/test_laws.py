import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from scaling_utils.conventions import PF_DAY, tokens_for
from scaling_utils.errors import DataError
from scaling_utils.laws import (
    HOFFMANN,
    KAPLAN_CRITICAL_BATCH,
    LAWS,
    CriticalBatch,
    HoffmannLaw,
    KaplanLaw,
    allocation_law,
    allocation_laws,
    flops_min,
    published_law,
    published_laws,
    steps_min,
)
from scaling_utils.laws.read import read_laws
from scaling_utils.runs.registry import data_folder

LAW = HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
KAPLAN = KaplanLaw(**published_law("kaplan2020-ns").values)

# A plausible theta for each form, and the range of each variable in log10.
THETA = {
    "hoffmann": [1.8, 480.0, 2100.0, 0.35, 0.37],
    "power-law": [1.5, 0.1],
    "power-law-floor": [1.6, 72.0, 0.09],
    "kaplan-n": [8.8e13, 0.076],
    "kaplan-d": [5.4e13, 0.095],
    "kaplan-c": [1.6e7, 0.057],
    "kaplan-cmin": [3.1e8, 0.05],
    "kaplan-nd": [6.4e13, 1.8e13, 0.076, 0.103],
    "kaplan-ns": [6.5e13, 2.1e3, 0.077, 0.76],
}
RANGE = {"params": (5, 12), "tokens": (7, 13), "steps_min": (2, 6), "flops": (-3, 24), "flops_min": (-3, 24)}


def test_every_form_is_tested():
    assert THETA.keys() == LAWS.keys()


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_gradients_against_finite_differences(law, data):
    scale = data.draw(st.lists(st.floats(0.5, 2), min_size=len(law.names), max_size=len(law.names)))
    theta = np.array(THETA[law.id]) * scale
    point = [10 ** data.draw(st.floats(*RANGE[name])) for name in law.variables]
    for i, exact in enumerate(law.gradient(theta, *point)):
        h = 1e-3 * theta[i]
        step = np.eye(len(theta))[i] * h
        values = [float(law.value(theta + k * step, *point)) for k in (-2, -1, 1, 2)]
        numeric = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
        assert exact == pytest.approx(numeric, rel=1e-6, abs=1e-9 * abs(values[1] / theta[i]))


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_shapes(law):
    theta, points = THETA[law.id], [np.geomspace(1e6, 1e9, 7)] * len(law.variables)
    assert law.value(theta, *points).shape == (7,)
    assert law.gradient(theta, *points).shape == (7, len(theta))
    assert law.gradient(theta, *(1e6 for _ in law.variables)).shape == (len(theta),)
    if len(points) == 2:
        grid = law.gradient(theta, points[0][:, None], 1e8)
        assert grid.shape == (7, 1, len(theta))
    with pytest.raises(ValueError, match="parameters"):
        law.value(theta[1:], *points)
    with pytest.raises(ValueError, match="is a law in"):
        law.gradient(theta, *points, 1.0)


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.id)
def test_forms_are_described(law):
    assert len(set(law.names)) == len(law.names)
    for parameter in law.parameters:
        assert parameter.low < parameter.high
        assert parameter.symbol.replace(r"\min", "min") in law.equation.replace(r"\min", "min")
    assert pickle.loads(pickle.dumps(law)) == law


def test_the_forms_agree_where_they_must():
    n, d = np.geomspace(1e6, 1e10, 5), 1e40
    limit = LAWS["kaplan-nd"].value([8.8e13, 5.4e13, 0.076, 0.095], n, d)
    assert limit == pytest.approx(LAWS["kaplan-n"].value([8.8e13, 0.076], n), rel=1e-9)
    assert LAWS["power-law"].value([1.6e7**0.057, 0.057], n) == pytest.approx(
        LAWS["kaplan-c"].value([1.6e7, 0.057], n)
    )


@pytest.mark.parametrize("flops", [1e18, 5.76e23])
def test_params_opt_minimises_the_loss_at_fixed_compute(flops):
    def loss(log_params):
        return float(LAW.loss(np.exp(log_params), tokens_for(flops, np.exp(log_params))))

    found = minimize_scalar(
        loss, bounds=(np.log(1e6), np.log(1e13)), options={"xatol": 1e-10}, method="bounded"
    )
    assert np.exp(found.x) == pytest.approx(float(LAW.params_opt(flops)), rel=1e-3)


def test_rounded_constants_give_the_small_gopher_optimum():
    # Hoffmann et al. print 40B, which needs the unrounded exponents
    assert float(LAW.params_opt(5.76e23)) == pytest.approx(32.2e9, rel=0.01)
    unrounded = HoffmannLaw(**published_law("hoffmann2022-unrounded").values)
    assert float(unrounded.params_opt(5.76e23)) == pytest.approx(40.4e9, rel=0.01)


def test_batch_corrections():
    batch = KAPLAN_CRITICAL_BATCH(3.0)
    assert steps_min(1e5, batch, 3.0) == pytest.approx(5e4)
    assert flops_min(1e21, batch, 3.0) == pytest.approx(5e20)
    # equations 5.4 and 5.5 agree: 6 N B_crit S_min = C_min
    n, s, b, loss = 1e8, 1e5, 2.0**19, 2.9
    assert 6 * n * KAPLAN_CRITICAL_BATCH(loss) * steps_min(s, b, loss) == pytest.approx(
        float(flops_min(6 * n * b * s, b, loss))
    )
    assert CriticalBatch(2.1e8, 0.21)(3.0) == pytest.approx(1.05 * float(batch))


@settings(max_examples=100, deadline=None)
@given(log_n=st.floats(2, 14), log_s=st.floats(-2, 8), log_b=st.floats(2, 9))
def test_the_loss_at_a_finite_batch_solves_its_equation(log_n, log_s, log_b):
    n, s, b = 10**log_n, 10**log_s, 10**log_b

    def excess(log_loss):
        loss = np.exp(log_loss)
        return log_loss - np.log(float(KAPLAN.loss_at(n, steps_min(s, b, loss))))

    expected = np.exp(brentq(excess, -10, 60, xtol=1e-13, rtol=1e-14))
    assert float(KAPLAN.loss(n, s, batch=b)) == pytest.approx(expected, rel=1e-10)


def test_published_laws_of_the_book():
    laws = published_laws()
    assert sum(name.startswith("lu2025-") for name in laws) == 34
    assert {law.form.id for law in laws.values()} == LAWS.keys()
    assert "unverified" not in {law.status for law in (*laws.values(), *allocation_laws().values())}
    for name, law in laws.items():
        assert law.id == name
        assert len(law.theta) == len(law.form.parameters)


def test_losses_of_published_laws_are_losses():
    point = {"params": 1e9, "tokens": 2e10, "steps_min": 1e5, "flops": 1e21, "flops_min": 5e20}
    for law in published_laws().values():
        loss = float(law.loss(**{name: point[name] for name in law.form.variables}))
        assert 1.1 < loss < 4.5, law.id


def test_sources_of_laws_are_in_the_bibliography():
    bibliography = data_folder().parent / "book" / "references.bib"
    if not bibliography.is_file():
        pytest.skip("needs a checkout: the bibliography is not part of the package")
    known = bibliography.read_text(encoding="utf-8")
    keys = {law.source.bibkey for law in (*published_laws().values(), *allocation_laws().values())}
    keys |= {law.source.split(",")[0] for law in LAWS.values()}
    assert [key for key in keys if f"{{{key}," not in known] == []


def test_pf_days_are_converted():
    law = published_law("lu2025-moba-30-32")
    assert float(law.loss(flops=PF_DAY)) == pytest.approx(1.546)
    assert float(law.loss(flops=10 * PF_DAY)) == pytest.approx(1.546 * 10**-0.108)
    assert float(published_law("kaplan2020-c").loss(flops=1.6e7 * PF_DAY)) == pytest.approx(1)
    assert float(allocation_law("kaplan2020-params").value(PF_DAY)) == pytest.approx(1.3e9)
    # section D.4 of Hoffmann et al.: Kaplan's size at 1e21 FLOPs, with C_min = C / 2
    assert float(allocation_law("kaplan2020-params").value(5e20)) == pytest.approx(4.68e9, rel=0.002)


@pytest.mark.parametrize(
    ("law", "flops", "expected", "tolerance"),
    [
        ("hoffmann2022-approach1-params", 1e21, 2.86e9, 0.005),
        ("hoffmann2022-approach1-params", 5.76e23, 67e9, 0.02),
        ("hoffmann2022-approach1-tokens", 5.76e23, 1.5e12, 0.05),  # the table rounds it to two digits
        ("hoffmann2022-approach2-params", 6.88e23, 67e9, 0.04),
        ("hoffmann2022-approach2-tokens", 1.32e22, 219.5e9, 0.04),
        ("hoffmann2022-approach3-params", 2.46e22, 10e9, 0.04),
        ("hoffmann2022-approach3-tokens", 2.46e22, 410.1e9, 0.04),
        ("grattafiori2024-tokens", 3.8e25, 10.5e12, 0.01),
        ("grattafiori2024-tokens-unrounded", 3.8e25, 16.55e12, 0.01),
    ],
)
def test_allocations_against_the_numbers_of_their_sources(law, flops, expected, tolerance):
    assert float(allocation_law(law).value(flops)) == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize(
    "source", ["hoffmann2022-approach1", "hoffmann2022-approach2", "porian2024-refinedweb"]
)
def test_params_and_tokens_of_one_source_use_up_the_budget(source):
    params, tokens = allocation_law(f"{source}-params"), allocation_law(f"{source}-tokens")
    assert params.exponent + tokens.exponent == pytest.approx(1, abs=1e-3)
    assert 6 * float(params.value(1e21) * tokens.value(1e21)) == pytest.approx(1e21, rel=0.03)


def test_misuse_is_explained():
    with pytest.raises(DataError, match=r"'hofmann2022'\. Did you mean 'hoffmann2022'"):
        published_law("hofmann2022")
    with pytest.raises(DataError, match="no published law of allocation is called 'x'"):
        allocation_law("x")
    with pytest.raises(DataError, match="from params and tokens, not from params and flops"):
        published_law("hoffmann2022").loss(params=1e9, flops=1e21)
    with pytest.raises(DataError, match="not from nothing"):
        published_law("hoffmann2022").loss()
    with pytest.raises(DataError, match=r"exponent \(0\.53\) but no coefficient"):
        allocation_law("hoffmann2022-github-params").value(1e21)


FILE = """
losses:
  - id: some-law
    form: hoffmann
    values: {E: 1.7, A: 400.0, B: 400.0, alpha: 0.3, beta: 0.3}
    conventions: {flop_rule: 6ND, param_count: total, loss_unit: nats/token}
    source: {bibkey: someone2020, locator: Table 1}
    status: read-in-source
allocations:
  - id: some-params
    quantity: params
    coefficient: 0.1
    exponent: 0.5
    compute_unit: FLOP
    conventions: {flop_rule: 6ND, param_count: total, loss_unit: nats/token}
    source: {bibkey: someone2020, locator: Table 1}
    status: read-in-source
"""


@pytest.fixture
def laws(tmp_path):
    """A function that reads published laws from a text."""

    def read(text):
        path = tmp_path / "laws.yaml"
        path.write_text(text)
        return read_laws(path)

    return read


def test_a_file_of_laws(laws):
    losses, allocations = laws(FILE)
    assert losses["some-law"].form is HOFFMANN
    assert losses["some-law"].compute_unit is None
    assert allocations["some-params"].variable == "flops"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("form: hoffmann", "form: hofman", "has the form 'hofman'"),
        ("E: 1.7, ", "", "must give E, A, B, alpha, beta"),
        ("alpha: 0.3", "alpha: 30", "alpha is out of bounds"),
        ("A: 400.0", "A: .nan", "A is out of bounds"),
        ("form: hoffmann", "form: hoffmann\n    compute_unit: FLOP", "belongs to forms in compute"),
        ("status: read-in-source", "status: unverified", "unverified"),
        ("total", "all", "param_count: Input should be"),
        ("exponent: 0.5", "exponent: 1.5", "exponent"),
        ("compute_unit: FLOP", "compute_unit: TFLOP", "compute_unit"),
        ("some-params", "some-law", "two laws have the same id"),
        ("losses:", "losses: [", "cannot be read"),
    ],
)
def test_wrong_files(laws, old, new, complaint):
    assert old in FILE
    with pytest.raises(DataError) as caught:
        laws(FILE.replace(old, new))
    assert complaint in str(caught.value)
