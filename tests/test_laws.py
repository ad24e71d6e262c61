import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from scaling_utils.conventions import tokens_for
from scaling_utils.laws import HoffmannLaw

LAW = HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)


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
