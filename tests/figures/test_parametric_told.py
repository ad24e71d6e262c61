from dataclasses import replace

import pytest

from scaling_utils import load
from scaling_utils.allocation.constants import printed_constants
from scaling_utils.figures.parametric_told import printed_told, status_told
from scaling_utils.fitting.parametric import drop_largest_losses, fit_parametric


@pytest.fixture(scope="module")
def fit():
    return fit_parametric(drop_largest_losses(load("hoffmann2022-fig4"), 5), resamples=20)


def test_a_fit_that_failed_a_check_says_so_beside_its_numbers(fit):
    assert status_told(fit) == "The status of the fit is converged."
    assert "ill-conditioned: do not use" in status_told(replace(fit, status="ill-conditioned"))


def test_constants_of_other_runs_are_not_set_beside_the_fit():
    told = printed_told(printed_constants(), 5.76e23)
    assert "32.2B (Hoffmann, as printed), 40.4B" in told
    assert not any(letter.isdigit() for letter in printed_told({}, 1e14))
