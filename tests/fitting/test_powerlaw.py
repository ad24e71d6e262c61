import numpy as np
import pytest

from scaling_utils.errors import DataError
from scaling_utils.fitting.powerlaw import fit_lines, fit_power_law


def test_recovers_a_planted_law():
    x = np.geomspace(1e17, 1e22, 7)
    law = fit_power_law(x, 0.3 * x**0.47, unit="params")
    assert law.exponent.value == pytest.approx(0.47, rel=1e-12)
    assert law.coefficient.value == pytest.approx(0.3, rel=1e-9)
    assert law(1e24) == pytest.approx(0.3 * 1e24**0.47, rel=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "problem"),
    [
        ([1e18, 1e19], [1.0, 2.0], "at least 3 distinct points, not 2"),
        ([1e18, 1e18, 1e18], [1.0, 2.0, 3.0], "at least 3 distinct points, not 1"),
        ([1e18, 1e19, 1e20], [1.0, 0.0, 3.0], "positive"),
        ([1e18, float("nan"), 1e20], [1.0, 2.0, 3.0], "positive and finite"),
    ],
)
def test_refuses_what_has_no_answer(x, y, problem):
    with pytest.raises(DataError, match=problem):
        fit_power_law(x, y)


def test_batched_lines_agree_with_numpy():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=6), rng.normal(size=(50, 6))
    y[7, 2] = np.nan
    slope, intercept = fit_lines(x, y)
    for i, row in enumerate(y):
        kept = np.isfinite(row)
        assert (slope[i], intercept[i]) == pytest.approx(tuple(np.polyfit(x[kept], row[kept], 1)), rel=1e-10)
