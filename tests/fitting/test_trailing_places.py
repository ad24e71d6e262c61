import math
from dataclasses import replace

import numpy as np
import pytest

from scaling_utils import load
from scaling_utils.errors import DataError
from scaling_utils.fitting.trailing import (
    bowed_laws,
    compute_ratio,
    drawn_in_words,
    drawn_lines,
    exponent_difference,
    fit_places,
    gap_band,
    gaps_table,
    law_band,
    laws_table,
    loss_difference,
    main_results,
    narrowing_verdict,
    place_key,
    printed_lines,
    reach_in_words,
    results_by_key,
    vary_choices,
)
from scaling_utils.published import published
from scaling_utils.results import Estimate

BINS = [f"{k}-{k + 2}" for k in range(0, 32, 2)]


@pytest.fixture(scope="module")
def runs():
    return load("lu2025-moba")


@pytest.fixture(scope="module")
def fits(runs):
    return fit_places(runs, places=", ".join(BINS), resamples=4000)


@pytest.fixture(scope="module")
def printed():
    return printed_lines("lu2025", BINS)


@pytest.fixture(scope="module")
def drawn():
    return drawn_lines("lu2025-moba-projections", BINS)


def test_places_are_those_asked_for_in_that_order(runs):
    assert list(fit_places(runs, places="30-32,0-2", resamples=0)) == ["30-32", "0-2"]
    assert len(fit_places(runs, resamples=0)) == 18
    with pytest.raises(DataError, match=r"column 'panel': no row has '31-32'"):
        fit_places(runs, places="31-32")


def test_drawn_lines_are_the_printed_laws_to_three_digits():
    pair = drawn_lines("lu2025-moba-projections", ["30-32"])["30-32"]
    laws = {m: (round(x.coefficient.value, 3), -round(x.exponent.value, 3)) for m, x in pair.laws.items()}
    assert laws == {"moba": (1.546, 0.108), "full": (1.464, 0.097)}


def test_the_published_gap_and_crossing_follow_from_the_printed_laws(printed):
    pair = printed["30-32"]
    for pf_days, gap in published("moba.gap").values().items():
        assert pair.gap(float(pf_days)) == pytest.approx(gap, abs=6e-5)
    assert pair.crossing == pytest.approx(published("moba.crossing").value, abs=0.5)
    short = printed_lines("lu2025", ["fig3a"])["fig3a"]
    assert 0.0026 < short.difference(5.0) < short.difference(0.4) < 0.0033
    assert short.difference(5.0) > 2 * published("moba.LC.8k.difference").value
    assert math.isinf(short.crossing)


def test_printed_gaps_are_small_at_first_and_large_at_last(printed):
    assert all(abs(printed[place].gap(c)) <= 0.004 for place in BINS[:4] for c in (0.4, 1.0, 5.0))
    assert all(0.02 < printed[place].gap(1.0) < 0.07 for place in BINS[8:])


def test_places_without_published_laws_are_left_out():
    assert printed_lines("lu2025", ["tail"]) == {} == printed_lines("", BINS)
    assert drawn_lines("lu2025-moba-projections", ["tail"]) == {} == drawn_lines("", BINS)
    assert printed_lines("lu2025", BINS, methods=("sparse", "full")) == {}


def test_every_printed_law_lies_in_our_intervals(fits, printed, drawn):
    table = laws_table(fits, printed=printed, drawn=drawn)
    assert len(table) == 32 and table["place"].nunique() == 16
    for name in ("A", "g"):
        assert table[f"{name} printed"].between(table[f"{name} low"], table[f"{name} high"]).all()
    found = main_results(fits, printed=printed, drawn=drawn, compute_from=0.4, compute_to=5.0)
    assert (found["n_inside"], found["n_printed"], found["n_bowed"]) == ("64", "64", "32")
    assert (found["n_drawn_apart"], found["settled"]) == ("4", "do not settle")
    assert found["printed_apart"] == pytest.approx(0.0135, abs=5e-4)
    assert found["agreement"].startswith("Of 64 printed values of A and g, 64 lie inside our intervals, and ")
    assert "differs from ours by at most 0.013" in found["agreement"] and "drawn line" in found["agreement"]
    alone = main_results(fits, printed={}, drawn={}, compute_from=0.4, compute_to=5.0)
    assert alone["agreement"] == "No laws were published for these runs to compare with."
    assert found["crossing_words"].startswith("cross at 175 PF-days (95 % interval: ")
    assert found["crossing_words"] == f"{alone['crossing_words']}, the printed ones at 142"
    place, fit = list(fits.items())[-1]
    apart = fits | {place: replace(fit, crossing=Estimate(math.inf, 12, math.inf))}
    never = main_results(apart, printed=printed, drawn={}, compute_from=0.4, compute_to=5.0)
    assert never["crossing_words"].startswith("cross nowhere that leaves MoBA the lower one (95 % interval: ")


def test_results_have_a_key_for_every_law_gap_and_crossing(fits, drawn):
    found = results_by_key(fits, drawn=drawn, compute_from=0.4, compute_to=5.0)
    assert len(found) == 16 * (2 * 2 * 2 + 3)
    g = found["g_moba_30_32"]
    assert g.low < 0.108 < g.high and g.value == pytest.approx(0.109, abs=5e-4)
    assert found["A_full_30_32_drawn"] == pytest.approx(1.464, abs=5e-4)
    assert found["gap_from_30_32"].value == pytest.approx(0.064, abs=5e-4)
    assert found["gap_to_30_32"].low > 0
    assert place_key("fig3a") == "8k"


def test_gaps_are_in_percent_and_crossings_in_words(fits, printed):
    row = gaps_table(fits, printed=printed, compute_from=0.4, compute_to=5.0).set_index("place").loc["30–32K"]
    assert row["printed, 0.4"] == pytest.approx(6.67, abs=0.01)
    assert row["ours, 5"] == pytest.approx(3.68, abs=0.01)
    assert (row["printed crossing"], row["crossing"], row["high"]) == ("142", "175", "never")


def test_bands_are_the_intervals_of_the_laws(fits):
    fit = fits["30-32"]
    low, high = law_band(fit, "moba", np.array([1.0]))
    a = fit.laws["moba"].coefficient
    assert (low[0], high[0]) == pytest.approx((a.low, a.high))
    gap = fit.gap(5.0)
    assert np.ravel(gap_band(fit, np.array([5.0]))) == pytest.approx((gap.low, gap.high))


def test_bands_without_draws_are_unknown(runs):
    fit = fit_places(runs, places="30-32", resamples=0)["30-32"]
    assert np.isnan(gap_band(fit, np.array([1.0, 2.0]))).all()


def test_compute_ratio_undoes_the_gap(fits):
    fit = fits["30-32"]
    ratio = compute_ratio(fit, 5.0)
    assert fit.laws["moba"](5.0 * ratio.value) == pytest.approx(fit.laws["full"](5.0))
    assert ratio.low > 1
    assert loss_difference(fit, 5.0).value == pytest.approx(fit.gap(5.0).value * fit.laws["full"](5.0))


def test_the_data_do_not_settle_whether_the_gap_closes(fits):
    narrowing = exponent_difference(fits["30-32"])
    moba, full = (fits["30-32"].laws[m].exponent.value for m in ("moba", "full"))
    assert narrowing.value == pytest.approx(full - moba)
    assert 0 in narrowing and narrowing_verdict(fits["30-32"]) == "not settled"


def test_bowed_laws_have_both_ends_above_the_line(fits):
    assert bowed_laws([fits["0-2"], fits["30-32"]]) == 4


def test_other_choices_move_the_laws_but_not_the_finding(runs, fits):
    table = vary_choices(runs, fits["30-32"], tail=0.05, compute_from=0.4, compute_to=5.0)
    assert len(table) == 7 and table.index[0] == "as above"
    assert table.loc["as above", "A moba"] == fits["30-32"].laws["moba"].coefficient.value
    assert table["gap at 5 PF-days"].between(0.02, 0.06).all()
    assert table.loc["without the largest model", "gap at 5 PF-days"] != table.iloc[0]["gap at 5 PF-days"]


@pytest.fixture(scope="module")
def ends():
    """Runs of which only the end is known at each place, as the ladder has them."""
    return load("ladder-prose-attention")


@pytest.fixture(scope="module")
def own(ends):
    places = "bytes 0-64, bytes 896-1024"
    return fit_places(ends, places=places, methods=("block-sparse", "full"), resamples=400)


def test_the_share_of_a_curve_is_no_choice(ends, own, runs, fits):
    at = {"tail": 0.05, "compute_from": 1e-8, "compute_to": 5e-8}
    assert not [n for n in vary_choices(ends, own["bytes 0-64"], **at).index if n.startswith("ends: ")]
    assert sum(n.startswith("ends: ") for n in vary_choices(runs, fits["30-32"], **at).index) == 3


def test_no_curve_is_said_to_be_drawn(ends, runs):
    assert "curves" not in drawn_in_words(ends)
    assert drawn_in_words(runs).startswith("Training curves (thin)")


def test_the_gap_where_both_see_the_same_keys(own):
    near, far = (own[place].gap(5e-8) for place in ("bytes 0-64", "bytes 896-1024"))
    told = reach_in_words(own, "bytes 0-64", pf_days=5e-8)
    assert f"it is {near.value:+.1%} ({near.low:+.1%} to {near.high:+.1%}) for bytes 0-64." in told
    assert f"For bytes 896-1024 the gap is {far.value:+.1%}" in told
    losses = own["bytes 0-64"].ends["loss"].unstack("attention")
    lower = (losses["block-sparse"] < losses["full"]).sum()
    assert f"In {lower} of {len(losses)} of these pairs of ends block-sparse has the lower loss." in told


def test_places_that_are_not_named_or_not_fitted(own):
    assert reach_in_words(own, "", pf_days=5e-8).startswith("No place is named")
    with pytest.raises(DataError, match="same_keys names 'bytes 64-128', which is not among the places"):
        reach_in_words(own, "bytes 64-128", pf_days=5e-8)
