import numpy as np
import pytest
from scipy import stats

from scaling_utils.errors import DataError
from scaling_utils.fitting.intervals import estimate, interval


def test_both_kinds_agree_where_there_is_no_bias():
    draws = np.linspace(-1, 1, 2001)
    assert interval(draws, 0.0, kind="percentile") == pytest.approx((-0.95, 0.95))
    assert interval(draws, 0.0, kind="bias-corrected") == pytest.approx((-0.95, 0.95), abs=1e-9)


def test_bias_correction_undoes_a_shift_in_a_hidden_scale():
    """Draws shifted by 0.3 in ln: the corrected ends are shifted as far the other way."""
    normal = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    draws = np.exp(normal + 0.3)
    low, high = interval(draws, 1.0, kind="bias-corrected")
    assert np.log([low, high]) == pytest.approx([-0.3 - 1.96, -0.3 + 1.96], abs=0.01)


@pytest.mark.parametrize("kind", ["percentile", "bias-corrected"])
def test_failed_draws_are_left_out_and_few_give_none(kind):
    draws = np.concatenate([np.linspace(0, 1, 1001), np.full(500, np.nan)])
    assert interval(draws, 0.5, kind=kind) == pytest.approx((0.025, 0.975))
    assert np.isnan(interval(np.array([1.0, np.nan]), 1.0, kind=kind)).all()


def test_value_outside_all_draws_still_gives_an_interval_inside_them():
    draws = np.linspace(0, 1, 101)
    for value in (-5.0, 5.0):
        low, high = interval(draws, value, kind="bias-corrected")
        assert 0 <= low < high <= 1


def test_level_and_unit_are_carried():
    found = estimate(0.5, np.linspace(0, 1, 101), unit="params", level=0.8, kind="percentile")
    assert (found.low, found.high, found.unit, found.level) == (
        pytest.approx(0.1),
        pytest.approx(0.9),
        "params",
        0.8,
    )


@pytest.mark.parametrize(
    ("options", "word"), [({"kind": "t"}, "interval is 't'"), ({"level": 95}, "level is 95")]
)
def test_unknown_options(options, word):
    with pytest.raises(DataError, match=word):
        interval(np.arange(3.0), 1.0, **options)
