import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from scaling_utils import load
from scaling_utils.errors import DataError
from scaling_utils.fitting.pair import compare_pair, seeds_needed
from scaling_utils.runs.table import RunTable


def curves(seeds=1, spread=0.0):
    rng = np.random.default_rng(0)
    rows = []
    for name, params, floor in (("big", 2e9, 2.5), ("small", 1e9, 2.4)):
        for seed in range(seeds):
            shift = spread * rng.normal()
            rows += [
                {"run_id": f"{name}-{seed}", "params": params, "tokens": t, "loss": floor + 1e9 / t + shift}
                for t in np.linspace(1e9, 4e10 * 1e9 / params, 9)
            ]
    return RunTable.from_frame(pd.DataFrame(rows), source="made")


def test_both_sides_end_at_the_budget():
    pair = compare_pair(curves(), flops=1.2e20, seed_spread=0.02)
    ends = pair.curves.groupby("side")["flops"].max()
    assert ends.to_list() == [1.2e20, 1.2e20]
    assert pair.tokens["larger"] * pair.params["larger"] == pytest.approx(
        pair.tokens["smaller"] * pair.params["smaller"]
    )


def test_one_pair_takes_the_assumed_spread():
    pair = compare_pair(curves(), seed_spread=0.02)
    assert pair.spread_from == "assumed"
    assert pair.gap.high - pair.gap.value == pytest.approx(1.959964 * 0.02 * np.sqrt(2))


def test_seeds_give_the_interval_of_welch():
    pair = compare_pair(curves(seeds=4, spread=0.02), larger="big", smaller="small", seed_spread=1.0)
    expected = ttest_ind(pair.losses["larger"], pair.losses["smaller"], equal_var=False).confidence_interval()
    assert pair.spread_from == "seeds" and len(pair.losses["larger"]) == 4
    assert (pair.gap.low, pair.gap.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"flops": 1e22}, "before the budget"),
        ({"larger": "small", "smaller": "big"}, "Exchange them"),
        ({"larger": "none"}, "no run whose name begins with 'none'"),
    ],
)
def test_what_cannot_be_compared_is_refused(given, message):
    with pytest.raises(DataError, match=message):
        compare_pair(curves(), seed_spread=0.02, **given)


def test_no_gap_takes_endless_seeds():
    assert seeds_needed(0.0, 0.02) == np.inf
    assert seeds_needed(-0.0151, 0.02) == seeds_needed(0.0151, 0.02)


@pytest.mark.public_data
def test_public_pair(public_file):
    public_file("gemstone")
    pair = compare_pair(
        load("gemstone"),
        larger="PyGemma-1536x50",
        smaller="PyGemma-1792x18",
        flops=1.32e20,
        seed_spread=0.02,
    )
    assert (pair.points("larger"), pair.points("smaller")) == (5, 10)
    assert pair.final("larger") == pytest.approx(2.971, abs=0.0005)
    assert pair.final("smaller") == pytest.approx(2.867, abs=0.0006)
