import json
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.results import Estimate, FitResult

FIT = FitResult(
    method="approach3",
    law="hoffmann",
    status="converged",
    n_runs=240,
    estimates={"E": Estimate(1.8, 1.7, 1.9, "nats/token"), "a": Estimate(0.5)},
    conventions=Conventions(param_count="non-embedding", loss_unit="bits/byte"),
    provenance={"source": "δατα", "seed": 0, "delta": None},
    diagnostics={"objective": 1.0182740178e-3, "condition": math.inf, "restarted_share": math.nan},
    draws={
        "E": np.array([1.79, np.nan, -np.inf]),
        "a": np.array([0.1 + 0.2, 5e-324, 1.7976931348623157e308]),
    },
    lmfit_result=object(),
)


def test_reads_back_equal():
    again = FitResult.from_json(FIT.to_json())
    assert again == FIT
    assert again.lmfit_result is None
    assert again.draws["a"].tolist() == FIT.draws["a"].tolist()
    assert math.isnan(again.estimates["a"].low) and math.isinf(again.diagnostics["condition"])
    assert again.conventions == FIT.conventions
    assert list(again.estimates) == ["E", "a"]


def test_json_is_strict_and_named():
    def refuse(constant):
        raise AssertionError(constant)

    document = json.loads(FIT.to_json(), parse_constant=refuse)
    assert (document["schema"], document["version"]) == ("scaling-laws-book/fit", 1)
    assert document["estimates"]["E"] == {
        "value": 1.8,
        "low": 1.7,
        "high": 1.9,
        "unit": "nats/token",
        "level": 0.95,
    }
    assert document["estimates"]["a"]["low"] is None
    assert document["diagnostics"]["condition"] == "inf"


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_any_number_reads_back(numbers):
    fit = replace(FIT, draws={"E": np.array(numbers)}, estimates={"E": Estimate(numbers[0])})
    again = FitResult.from_json(fit.to_json())
    assert again.draws["E"].tolist() == numbers
    assert again == fit


def test_equality_sees_every_part():
    different = [
        replace(FIT, method="x"),
        replace(FIT, status="bound hit"),
        replace(FIT, n_runs=1),
        replace(FIT, estimates={"E": Estimate(1.8, 1.7, 1.9, "nats/token")}),
        replace(FIT, conventions=Conventions()),
        replace(FIT, provenance={}),
        replace(FIT, diagnostics={}),
        replace(FIT, draws={}),
    ]
    assert all(other != FIT for other in different)
    assert replace(FIT, lmfit_result=None) == FIT
    assert FIT != "a fit"
    assert pickle.loads(pickle.dumps(replace(FIT, lmfit_result=None))) == FIT


def changed(**parts):
    document = json.loads(FIT.to_json())
    for name, value in parts.items():
        if value is ...:
            del document[name]
        else:
            document[name] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "is not a fit"),
        ("{}", "is not a fit"),
        (changed(schema="other"), "is not a fit"),
        (changed(version=2), "version 2 of the fit format"),
        (changed(version=...), "version None"),
        (changed(method=...), "damaged"),
        (changed(method=3), "damaged"),
        (changed(status="fine"), "damaged .*status"),
        (changed(n_runs=True), "damaged .*n_runs"),
        (changed(n_runs=-1), "damaged .*n_runs"),
        (changed(estimates=[]), "damaged"),
        (changed(estimates={"E": {"value": 1}}), "damaged"),
        (changed(estimates={"E": {"value": "1", "low": 0, "high": 1, "unit": "", "level": 0.9}}), "damaged"),
        (changed(estimates={"E": {"value": 1, "low": 0, "high": 1, "unit": "", "level": "inf"}}), "damaged"),
        (changed(provenance={"delta": {"nested": [math.nan]}}), "damaged"),
        (changed(conventions={"loss_unit": "bananas"}), "damaged"),
        (changed(conventions={"colour": "red"}), "damaged"),
        (changed(diagnostics={"x": True}), "damaged"),
        (changed(draws={"E": [1, 2], "a": [1]}), "damaged"),
        (changed(draws={"E": ["x"]}), "damaged"),
        (changed(draws={"E": 3}), "damaged"),
    ],
)
def test_damage_is_one_clear_error(text, message):
    with pytest.raises(DataError, match=message) as caught:
        FitResult.from_json(text, file="fit.json")
    assert str(caught.value).startswith("fit.json: ")
    assert "\n" not in str(caught.value)


def test_table_and_values():
    assert FIT.table().loc["E"].tolist() == [1.8, 1.7, 1.9, "nats/token"]
    assert FIT.values("a", "E").tolist() == [0.5, 1.8]
    assert FIT.converged and not replace(FIT, status="bound hit").converged
    assert "draws" not in repr(FIT)


def test_draws_must_have_one_length():
    with pytest.raises(ValueError, match="same length"):
        replace(FIT, draws={"E": np.zeros(2), "a": np.zeros(3)})
