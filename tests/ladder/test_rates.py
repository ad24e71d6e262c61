"""The verdict on the learning rate, from made-up losses."""

import pytest

from scaling_utils.ladder.config import LadderError
from scaling_utils.ladder.design import groups
from scaling_utils.ladder.rates import compare_rates
from scaling_utils.ladder.store import write_run


@pytest.fixture
def check(make_run, tmp_path):
    """A function that writes a whole check with a loss by factor that also depends on width and seed."""

    def write(loss_of):
        for run in groups()["prose-rate"]:
            factor = round(run.rate / (0.012 * (32 / run.width) ** 0.5), 2)
            loss = loss_of(factor) + run.width / 100 + run.seed / 10 + run.seed * factor / 1000
            write_run(tmp_path, make_run(loss=loss, **run.as_dict()))
        return compare_rates(tmp_path)

    return write


def test_the_rule_stands(check):
    comparisons = check({0.5: 2.1, 1.0: 2.0, 2.0: 2.05}.get)
    assert [(c.budget, c.factor) for c in comparisons] == [(3e11, 0.5), (3e11, 2), (1e12, 0.5), (1e12, 2)]
    assert not any(c.better for c in comparisons)
    assert comparisons[0].difference == pytest.approx(0.1, abs=1e-3)
    assert set(comparisons[0].by_width) == {24, 40, 64}


def test_a_better_rate_is_seen(check):
    assert [c.better for c in check({0.5: 2.1, 1.0: 2.0, 2.0: 1.95}.get)] == [False, True, False, True]


def test_an_unfinished_check(make_run, tmp_path):
    with pytest.raises(LadderError, match=r"not finished at 3e\+11 FLOPs, width 24, seed 0\. Train it"):
        compare_rates(tmp_path)
