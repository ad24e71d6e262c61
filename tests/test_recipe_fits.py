"""Sizes that recipes ask for when fitted to smaller runs."""

import numpy as np
import pandas as pd
import pytest

from scaling_utils import load
from scaling_utils.allocation.recipe_fits import (
    APPROACH_1,
    CUT,
    FAILED,
    KAPLAN,
    NEARER,
    REACH,
    SLICES,
    TRAINED,
    refitted_sizes,
)
from scaling_utils.allocation.recipe_results import results_by_key
from scaling_utils.allocation.recipes import RECIPES
from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.fitting.pair import compare_pair
from scaling_utils.ladder.design import DEPTHS, PAIR_BUDGET, PAIR_WIDTHS
from scaling_utils.ladder.sizes import predict_sizes
from scaling_utils.runs.registry import data_folder
from scaling_utils.runs.table import RunTable

BYTES = Conventions(param_count="non-embedding-with-head", loss_unit="nats/byte")
UP_TO = 3e12


@pytest.fixture(scope="module")
def runs():
    """Curves of the shapes of the ladder's pair; their losses do not matter."""
    parts = []
    for width in PAIR_WIDTHS:
        depth = DEPTHS[width]
        params = 12 * depth * width**2 + 256 * width
        shape = {"run_id": f"d{width}", "params": params, "width": width, "depth": depth}
        parts.append(pd.DataFrame({**shape, "flops": [1e12, PAIR_BUDGET], "loss": [1.5, 1.4]}))
    return RunTable.from_frame(pd.concat(parts), source="made", conventions=BYTES)


@pytest.fixture(scope="module")
def pair(runs):
    return compare_pair(runs, seed_spread=np.nan)


@pytest.fixture(scope="module")
def smaller_runs():
    return {"kaplan": load("ladder-prose-fixed-steps"), "approach_1": load("ladder-prose-curves")}


def test_tables_and_run_files_of_the_ladder_give_the_same_sizes(pair, runs, smaller_runs):
    sizes = refitted_sizes(pair, runs, **smaller_runs, up_to=UP_TO, resamples=0)
    by_files = predict_sizes(data_folder() / "ladder", corpus="prose", budget=PAIR_BUDGET, up_to=UP_TO)
    sizes = sizes.loc[list(RECIPES)]
    assert sizes["params"].to_list() == pytest.approx([size.params for size in by_files], rel=1e-6)
    assert sizes[TRAINED].to_list() == [size.trained for size in by_files]
    assert tuple(size.width for size in by_files) == PAIR_WIDTHS


def test_intervals_reach_the_results(pair, runs, smaller_runs):
    sizes = refitted_sizes(pair, runs, **smaller_runs, up_to=UP_TO, resamples=50)
    found = results_by_key(pair, sizes, pd.DataFrame({"gap": []}), sequence_length=256)
    for key, recipe in zip(("kaplan", "approach1"), RECIPES, strict=True):
        size = found[f"size_{key}"]
        assert size.value == sizes.loc[recipe, "params"]
        assert [size.low, size.high] == pytest.approx(
            sizes.loc[recipe, ["low", "high"]].to_list(), nan_ok=True
        )
    assert found["size_kaplan_nearer"] == "larger"
    assert found["size_kaplan_cut"].value == sizes.loc[CUT, "params"]
    assert found["size_approach1_answers"] > 0.5 > found["size_kaplan_answers"]
    assert "size_slice" not in found


def test_no_interval_where_most_resamples_have_no_law(pair, runs, smaller_runs):
    sizes = refitted_sizes(pair, runs, **smaller_runs, up_to=UP_TO, resamples=50)
    failed = sizes[FAILED] > 0.5
    assert failed[KAPLAN] and not failed[APPROACH_1]
    assert sizes.loc[failed, ["low", "high"]].isna().to_numpy().all()
    assert sizes.loc[~failed, ["low", "high"]].notna().to_numpy().all()


def test_kaplans_runs_reach_beyond_the_budget_and_cut_ask_for_the_other_model(pair, runs, smaller_runs):
    sizes = refitted_sizes(pair, runs, **smaller_runs, up_to=UP_TO, resamples=0)
    assert sizes.loc[KAPLAN, REACH] > PAIR_BUDGET > sizes.loc[APPROACH_1, REACH] > sizes.loc[CUT, REACH]
    assert sizes[NEARER].to_dict() == {KAPLAN: "larger", APPROACH_1: "smaller", CUT: "smaller"}
    kaplan = smaller_runs["kaplan"]
    alike = smaller_runs | {"kaplan": kaplan.subset(kaplan.frame["flops"] <= sizes.loc[CUT, REACH])}
    again = refitted_sizes(pair, runs, **alike, up_to=UP_TO, resamples=0)
    assert CUT not in again.index and again.loc[KAPLAN, "params"] == sizes.loc[CUT, "params"]


def test_the_slice_at_the_budget_stands_beside_the_recipes(pair, runs, smaller_runs):
    slices = load("ladder-prose")
    at_budget = slices.frame["budget"] == PAIR_BUDGET
    sizes = refitted_sizes(pair, runs, **smaller_runs, slices=slices, up_to=UP_TO, resamples=0)
    row, measured = sizes.loc[SLICES], slices.frame[at_budget]["params"]
    assert measured.min() < row["low"] < row["params"] < row["high"] < measured.max()
    other = slices.subset(~at_budget)
    assert (
        SLICES not in refitted_sizes(pair, runs, **smaller_runs, slices=other, up_to=UP_TO, resamples=0).index
    )


def test_runs_beyond_the_limit_take_no_part(pair, runs, smaller_runs):
    sizes = refitted_sizes(pair, runs, **smaller_runs, up_to=1e12, resamples=0)
    assert sizes.loc["Approach 1", "fitted up to (FLOPs)"] < 1.01e12


def test_layers_that_cannot_be_counted_are_refused(pair, runs, smaller_runs):
    bare = RunTable.from_frame(
        runs.frame[["run_id", "params", "flops", "loss"]], source="bare.csv", conventions=BYTES
    )
    with pytest.raises(DataError, match="no column width and no column depth") as refused:
        refitted_sizes(pair, bare, **smaller_runs)
    assert "Add the width" in str(refused.value)
