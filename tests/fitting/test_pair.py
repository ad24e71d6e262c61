import numpy as np
import pandas as pd
import pytest
from scipy.stats import t, ttest_1samp, ttest_ind

from scaling_utils import load
from scaling_utils.errors import DataError
from scaling_utils.fitting.pair import compare_pair
from scaling_utils.fitting.pair_gap import gap_by_seed, gap_of_means, seeds_needed
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


def test_without_seeds_or_an_assumed_spread_there_is_no_interval():
    pair = compare_pair(curves(), seed_spread=np.nan)
    assert pair.spread_from == "unknown" and np.isnan([pair.gap.low, pair.gap.high]).all()
    assert pair.gap.value == pytest.approx(0.125) and pair.lower == ""


def test_the_seeds_of_one_model_stand_for_both():
    one, more = np.array([3.0]), np.array([2.8, 2.9, 2.7])
    gap = gap_of_means(one, more, assumed=9.0, unit="nats/token")
    assert (gap.spread, gap.spread_from) == (pytest.approx(0.1), "seeds")
    assert gap.value.high - gap.value.value == pytest.approx(t.ppf(0.975, 2) * 0.1 * np.sqrt(1 + 1 / 3))
    assert gap_of_means(more, one, assumed=9.0, unit="nats/token").value.low == pytest.approx(-gap.value.high)


def test_runs_with_equal_losses_have_no_spread():
    same = np.array([2.8, 2.8])
    gap = gap_of_means(same + 0.5, same, assumed=9.0, unit="nats/token")
    assert (gap.spread, gap.value.low, gap.value.high) == (0.0, 0.5, 0.5)


def test_gaps_within_seeds_leave_out_what_the_batches_share():
    """Runs of one seed share a shift: it is in the spread over seeds, but not in the gaps."""
    table = curves(seeds=4)
    seed = table.frame["run_id"].str[-1].astype(int)
    frame = table.frame.assign(seed=seed, loss=table.frame["loss"] + 0.05 * seed)
    frame.loc[frame["run_id"] == "small-3", "seed"] = 9
    pair = compare_pair(
        RunTable.from_frame(frame, source="made"), larger="big", smaller="small", seed_spread=1.0
    )
    assert pair.seed_gaps == pytest.approx([pair.gap.value] * 3)
    within = pair.gaps_table().loc["within seeds"]
    assert within["high"] - within["low"] < 1e-9 < pair.gap.high - pair.gap.low
    assert compare_pair(curves(seeds=4), larger="big", smaller="small", seed_spread=1.0).seed_gaps.size == 0


def test_student_within_seeds():
    gaps = np.array([0.02, 0.05, 0.01, 0.04])
    expected = ttest_1samp(gaps, 0).confidence_interval()
    found = gap_by_seed(gaps, unit="nats/token")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("shift", "lower"), [(0.3, "smaller"), (-0.5, "larger"), (-0.1, "")])
def test_who_ends_lower(shift, lower):
    table = curves(seeds=4, spread=0.02)
    big = table.frame["run_id"].str.startswith("big")
    frame = table.frame.assign(loss=table.frame["loss"] + shift * big)
    pair = compare_pair(
        RunTable.from_frame(frame, source="made"), larger="big", smaller="small", seed_spread=1.0
    )
    assert pair.lower == lower


def test_a_run_just_short_of_the_budget_counts_its_end_once():
    whole, short = (compare_pair(curves(), flops=c, seed_spread=0.02) for c in (2.4e20, 2.41e20))
    assert whole.points("larger") == short.points("larger") == 8


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


@pytest.mark.parametrize("effect", [0.2, 0.755, 1.5, 2.7])
def test_so_many_seeds_show_the_gap_four_times_out_of_five(effect):
    """By simulation; one run fewer does not."""
    rng = np.random.default_rng(0)
    needed = int(seeds_needed(effect, 1.0))

    def power(n):
        one, other = rng.normal(size=(2, 20_000, n)) + np.array([0.0, effect])[:, None, None]
        return float((ttest_ind(one, other, axis=1).pvalue < 0.05).mean())

    assert power(needed) > 0.79 and power(needed - 1) < 0.81 < power(2 * needed)


def test_a_gap_far_beyond_the_noise_takes_two_runs():
    assert seeds_needed(1.0, 0.0) == seeds_needed(1.0, 1e-3) == 2


def test_an_assumed_spread_is_named_beside_the_gap():
    assert compare_pair(curves(), seed_spread=0.02).gaps_table()["spread"].to_list() == ["assumed"]


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
