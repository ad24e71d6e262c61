import math

import numpy as np
import pytest
from scipy.special import huber

from scaling_utils.errors import DataError
from scaling_utils.fitting.least_absolute import least_absolute
from scaling_utils.fitting.objective import Objective

RESIDUALS = np.array([-0.3, -1e-3, -1e-5, 0.0, 2e-4, 1e-3, 0.02])


def test_sums():
    assert Objective("huber", 1e-3).total(RESIDUALS) == pytest.approx(huber(1e-3, RESIDUALS).sum(), rel=1e-14)
    assert Objective("least-squares").total(RESIDUALS) == pytest.approx((RESIDUALS**2).sum() / 2, rel=1e-14)
    assert Objective("least-absolute").total(RESIDUALS) == pytest.approx(np.abs(RESIDUALS).sum(), rel=1e-14)


def test_it_is_a_sum_and_not_a_mean():
    one = Objective().total(RESIDUALS)
    assert Objective().total(np.tile(RESIDUALS, 7)) == pytest.approx(7 * one)


def test_lmfit_minimises_the_same_sum():
    """Half of scipy's sum of losses at f_scale = delta is Huber's sum."""
    options = Objective("huber", 1e-3).lmfit_options()
    z = (RESIDUALS / options["f_scale"]) ** 2
    rho = np.where(z <= 1, z, 2 * np.sqrt(z) - 1)
    assert 0.5 * options["f_scale"] ** 2 * rho.sum() == pytest.approx(
        Objective("huber", 1e-3).total(RESIDUALS)
    )
    assert Objective("least-squares").lmfit_options() == {"loss": "linear"}


def test_turns_lead_down_to_the_objective():
    assert Objective("huber", 1e-3).turns == (1e-3,)
    assert Objective("huber", 0.01).turns == (0.01,)
    assert Objective("least-squares").turns == (math.inf,)
    for sharp in (Objective("huber", 2e-5), Objective("least-absolute")):
        assert (np.diff(sharp.turns) < 0).all()
        assert sharp.turns[-1] == max(sharp.turn, 1e-5)


@pytest.mark.parametrize("delta", [0.0, -1.0, 1e-9, math.nan, math.inf])
def test_delta_must_be_a_residual(delta):
    with pytest.raises(DataError, match="delta is"):
        Objective("huber", delta)


def test_least_absolute_is_the_median():
    values = np.array([1.0, 2.0, 4.0, 8.0, 100.0])
    inf = np.array([np.inf])

    def fit(**options):
        return least_absolute(
            lambda t: np.repeat(t, 5) - values, lambda t: np.ones((5, 1)), np.array([3.0]), **options
        )

    assert fit(low=-inf, high=inf) == pytest.approx([4.0])
    assert fit(low=-inf, high=inf, weights=np.array([1, 1, 1, 9, 1])) == pytest.approx([8.0])
    assert fit(low=-inf, high=np.array([3.5])) == pytest.approx([3.5])


def test_fewer_points_than_parameters_are_met():
    """As in a resample of few runs, where it holds fewer different ones than the law has constants."""
    slopes, far = np.array([[1.0, 2.0, 0.5], [0.0, 1.0, -1.0]]), np.full(3, np.inf)
    theta = least_absolute(
        lambda t: slopes @ t - [3.0, 1.0], lambda t: slopes, np.zeros(3), low=-far, high=np.array([1, 9, 9])
    )
    assert slopes @ theta == pytest.approx([3.0, 1.0])


def test_least_absolute_of_a_nonlinear_law_is_a_corner():
    """At the minimum as many residuals are zero as there are parameters, and no corner nearby is lower."""
    rng = np.random.default_rng(0)
    x = np.linspace(0, 3, 40)
    y = 2 * np.exp(-0.7 * x) + 0.05 * rng.standard_normal(40)

    def residuals(t):
        return t[0] * np.exp(-t[1] * x) - y

    def jacobian(t):
        return np.stack([np.exp(-t[1] * x), -t[0] * x * np.exp(-t[1] * x)], axis=1)

    far = np.full(2, np.inf)
    theta = least_absolute(residuals, jacobian, np.array([1.5, 0.5]), low=-far, high=far)
    assert (np.abs(residuals(theta)) < 1e-9).sum() == 2
    best = np.abs(residuals(theta)).sum()
    steps = 1e-4 * rng.standard_normal((200, 2))
    assert all(np.abs(residuals(theta + step)).sum() > best for step in steps)
