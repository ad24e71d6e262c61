import dataclasses

import numpy as np
import pandas as pd
import pytest

from scaling_utils.allocation.recipe_fits import (
    APPROACH_1,
    CUT,
    FAILED,
    HELD,
    KAPLAN,
    NEARER,
    REACH,
    SLICES,
    TRAINED,
)
from scaling_utils.allocation.recipe_results import results_by_key
from scaling_utils.allocation.recipes import (
    expected_gaps,
    predicted_curves,
    published_sizes,
    reported_spread,
)
from scaling_utils.conventions import Conventions
from scaling_utils.figures.pair import plot_gap, plot_pair
from scaling_utils.figures.pair_told import told
from scaling_utils.fitting.pair import compare_pair
from scaling_utils.laws import published_law
from scaling_utils.notebook import LONGEST
from scaling_utils.runs.table import RunTable

BYTES = Conventions(param_count="non-embedding-with-head", loss_unit="nats/byte")
NAMES = ("Kaplan et al. (2020)", "Approach 1")


@pytest.fixture(scope="module")
def pair():
    law = published_law("hoffmann2022-unrounded")
    return compare_pair(
        predicted_curves(law, dict(zip(NAMES, (4.74e9, 2.80e9), strict=True)), 1e21), seed_spread=0.02
    )


def test_panels_show_what_the_source_figure_shows(pair):
    sequences, compute = plot_pair(pair, sequence_length=2048, names=NAMES, predicted=True)
    for axis in (sequences, compute):
        assert axis.get_xscale() == axis.get_yscale() == "linear"
        levels = [line for line in axis.lines if list(line.get_xdata()) == [0, 1]]
        assert [round(line.get_ydata()[0], 3) for line in levels] == [2.312, 2.297]
        assert [line.get_color() for line in levels] == ["#D55E00", "#0072B2"]
    ends = [line.get_xdata() for line in sequences.lines if line.get_markerfacecolor() == "white"]
    assert [round(float(end[0]), 1) for end in ends] == [17.2, 29.1]
    ends = [line.get_xdata() for line in compute.lines if line.get_markerfacecolor() == "white"]
    assert [float(end[0]) for end in ends] == [1e21, 1e21]
    assert [t.get_text() for t in compute.get_legend().get_texts()] == [
        "Kaplan et al. (2020), 4.74B",
        "Approach 1, 2.8B",
    ]
    assert sequences.get_ylabel() == "Predicted loss (nats/token)"


def test_gap_is_drawn_against_the_noise_of_a_pair(pair):
    expected = expected_gaps(pair)
    axis = plot_gap(pair, expected, measured=False)
    assert [text.get_text() for text in axis.texts] == ["0.015", "0.022", "0.009"]
    assert len(plot_gap(pair, expected, measured=True).get_yticklabels()) == 4


@pytest.fixture(scope="module")
def trained():
    """Makes a pair of byte-level models with four seeds each, the gap between them given."""

    def make(gap, seeds=4):
        budgets = np.geomspace(1e11, 1e13, 6)
        rng = np.random.default_rng(0)
        parts = [
            pd.DataFrame({"run": f"{name}-{seed}", "N": size, "C": budgets, "seed": seed}).assign(
                loss=1.3 + shift + 1e11 / budgets + 0.01 * rng.normal()
            )
            for name, size, shift in (("big", 2.5e5, gap), ("small", 5e4, 0.0))
            for seed in range(seeds)
        ]
        runs = RunTable.from_frame(pd.concat(parts), source="made", conventions=BYTES)
        return compare_pair(runs, flops=1e13, seed_spread=reported_spread(runs))

    return make


def test_losses_of_runs_have_the_name_given(trained):
    axis, _ = plot_pair(trained(0.1), sequence_length=256, names=NAMES, loss_name="Held-out loss")
    assert axis.get_ylabel() == "Held-out loss (nats/byte)"


@pytest.mark.parametrize(
    ("gap", "sign", "outcome"),
    [
        (0.1, "above", "the smaller model wins"),
        (-0.1, "below", "the larger model wins"),
        (0.0, "", "neither model wins"),
    ],
)
def test_sentences_follow_the_sign_of_the_gap(trained, gap, sign, outcome):
    pair = trained(gap)
    said = told(pair, published_sizes(pair), expected_gaps(pair), names=NAMES)
    assert sign in said["apart"] and outcome in said["judged"]
    assert "4 runs of each" in said["judged"] and "over the seeds of these runs" in said["bands"]
    assert "nats/token" not in " ".join(said.values()) and "nan" not in " ".join(said.values())


def refitted(nearer, *, cut="", low=np.nan):
    """Sizes of two recipes, and of Kaplan's with its runs cut, by the model that each is nearer to."""
    row = {"counted as": "total", FAILED: 0.25, HELD: 5, "status": "interior frontier", TRAINED: 1.0}
    rows = {
        KAPLAN: row | {"params": 2e5, NEARER: nearer, REACH: 2e13, "low": low, "high": 2 * low},
        APPROACH_1: row | {"params": 6e4, NEARER: "smaller", REACH: 3e12, "low": 5e4, "high": 7e4},
        CUT: row
        | {"params": 4e4 if cut else np.nan, NEARER: cut, REACH: 2.9e12, "low": low, "high": 2 * low},
        SLICES: row | {"params": 1e5, NEARER: "larger", REACH: 1e13, "low": 9e4, "high": 1.1e5},
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def test_refitted_recipes_are_told_with_what_they_rest_on(trained):
    pair = trained(-0.1)
    said = told(pair, refitted("larger", cut="smaller"), expected_gaps(pair), names=NAMES)
    for part in (
        "Cut at 3 × 10¹² FLOPs as well, they ask for 40k params",
        "compares two sizes rather than two recipes",
        "Approach 2) has its minimum at 100k params",
        "2.5 times from the larger model and 2.0 times from the smaller model",
    ):
        assert part in f"{said['compared_told']} {said['minimum_told']}"
    assert max(map(len, said.values())) <= LONGEST
    assert "nan" not in " ".join(said.values())


@pytest.mark.parametrize(
    ("sizes", "outcome"),
    [
        (refitted("larger", cut="larger"), "as it is to what all of them ask for"),
        (refitted("larger", cut="smaller"), "two sizes rather than two recipes"),
        (refitted("larger"), "give it no size"),
        (refitted("larger").drop(index=CUT), "reach no further"),
    ],
)
def test_whether_the_recipes_are_compared_follows_the_fit_to_equal_runs(trained, sizes, outcome):
    pair = trained(-0.1)
    assert outcome in told(pair, sizes, expected_gaps(pair), names=NAMES)["compared_told"]


@pytest.mark.parametrize(
    ("gap", "outcome"),
    [(-0.1, "that is the one"), (0.1, "that is not the one"), (0.0, "neither ends lower beyond the noise")],
)
def test_the_measured_minimum_is_told_beside_who_wins(trained, gap, outcome):
    pair = trained(gap)
    sizes = refitted("larger")
    assert outcome in told(pair, sizes, expected_gaps(pair), names=NAMES)["minimum_told"]
    alone = told(pair, sizes.drop(index=SLICES), expected_gaps(pair), names=NAMES)
    assert alone["minimum_told"] == "" and alone["compared_told"]


def test_published_laws_say_nothing_of_bytes(trained):
    pair = trained(0.1)
    expected = expected_gaps(pair)
    assert expected.empty and published_sizes(pair).empty
    found = results_by_key(pair, published_sizes(pair), expected, sequence_length=256)
    assert {"gap_tex", "gap_least", "size_kaplan"}.isdisjoint(found)
    axis = plot_gap(pair, expected, measured=True)
    assert [label.get_text() for label in axis.get_yticklabels()] == ["these runs"]
    assert len(axis.patches) == 2 and len(axis.lines[-1].get_xdata()) == 4


def test_one_run_of_bytes_each_has_no_bands(trained):
    pair = trained(0.1, seeds=1)
    expected = expected_gaps(pair)
    axis = plot_gap(pair, expected, measured=True)
    assert not axis.patches and not axis.get_title()
    said = told(pair, published_sizes(pair), expected, names=NAMES)
    assert "not known" in said["judged"] and "no bands" in said["bands"]
    assert "nan" not in " ".join(said.values())


def test_laws_are_told_with_the_assumed_spread(pair):
    said = told(pair, published_sizes(pair), expected_gaps(pair), names=NAMES)
    assert said["apart"] == "0.015 nats/token above"
    assert said["judged"].endswith(
        "if their spread is 0.020. Published laws expect a gap between 0.009 and 0.022."
    )
    assert "between 15 and 80 runs" in said["seeds_told"]
    assert said["sizes_told"] == "The table has both recipes as published."
    level = dataclasses.replace(pair, gap=dataclasses.replace(pair.gap, value=-0.0))
    assert told(level, published_sizes(pair), expected_gaps(pair), names=NAMES)["apart"].startswith("0.000")
