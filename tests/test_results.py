import math

import numpy as np
import pytest

from scaling_utils.results import Estimate


def test_interval_leaves_out_failed_draws():
    draws = np.concatenate([np.linspace(0, 1, 1001), np.full(200, np.nan)])
    estimate = Estimate.from_draws(0.5, draws)
    assert (estimate.low, estimate.high) == pytest.approx((0.025, 0.975))
    assert 0.3 in estimate and 0.99 not in estimate


def test_no_interval_without_draws():
    estimate = Estimate.from_draws(0.5, np.full(10, np.nan))
    assert math.isnan(estimate.low)
    assert 0.5 not in estimate
    assert str(estimate) == "0.5"
