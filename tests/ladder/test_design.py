"""The planned ladder."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from scaling_utils import load
from scaling_utils.book.project import find_project
from scaling_utils.book.scenarios import load_scenarios
from scaling_utils.ladder.config import LadderError, peak_rate
from scaling_utils.ladder.design import ATTENTION_BUDGETS, DEPTHS, WIDTHS, groups, planned


def test_every_run_is_planned_once():
    names = [run.name for run in planned()]
    assert len(names) == len(set(names))


def test_depth_never_falls_with_width():
    depths = [depth for _, depth in sorted(DEPTHS.items())]
    assert depths == sorted(depths)


def test_slices_hold_seven_sizes_and_their_budget():
    for budget, widths in WIDTHS.items():
        runs = [run for run in planned() if run.role == "isoflop" and run.budget == budget]
        assert len(widths) == 7
        assert {run.width for run in runs} == set(widths)
        assert all(abs(run.flops / budget - 1) < 0.002 for run in runs)


def test_seeds_of_a_slice():
    seeds = Counter((run.corpus, run.budget, run.width) for run in planned() if run.role == "isoflop")
    assert {count for key, count in seeds.items() if key[1] == 1e12} == {3}
    assert {count for key, count in seeds.items() if key[1] == 3e12} == {2}


def test_the_middle_of_a_slice_comes_first():
    assert [run.width for run in groups()["prose-1e12"]][:7] == [40, 32, 48, 24, 56, 20, 64]


def test_rates_are_tried_around_the_rule():
    tried = Counter((run.budget, run.width, run.seed) for run in groups()["prose-rate"])
    assert len(tried) == 2 * 3 * 2
    assert set(tried.values()) == {3}
    assert {round(run.rate / peak_rate(run.width), 2) for run in groups()["prose-rate"]} == {0.5, 1.0, 2.0}


def test_attentions_differ_in_nothing_else():
    runs = groups()["prose-attention"]
    assert {run.width for run in runs} == set(ATTENTION_BUDGETS)
    for full, sparse in zip(runs[::2], runs[1::2], strict=True):
        assert full.attention == "full"
        assert dataclasses.replace(full, attention="block-sparse") == sparse


def test_the_page_on_attention_knows_where_both_kinds_see_the_same_keys():
    """Where there are no more blocks than a byte sees, it sees them all."""
    (page,) = (
        scenario.parameters
        for scenario in load_scenarios(find_project(Path(__file__)))
        if scenario.id == "06-block-sparse-vs-full-attention/ladder-prose"
    )
    (seen,) = {run.block * run.top_k for run in groups()["prose-attention"]}
    places = load(page["dataset"]).frame["panel"].unique()
    same = [place for place in places if int(place.rpartition("-")[2]) <= seen]
    assert page["same_keys"].split(", ") == same
    assert set(same) < set(page["places"].split(", "))


def test_fixed_steps_have_one_schedule():
    runs = groups()["prose-fixed-steps"]
    assert {(run.steps, run.schedule, run.batch) for run in runs} == {(8000, "constant", 4)}


def test_the_pair_spends_the_same_at_two_sizes():
    runs = groups()["prose-pair"]
    assert [(run.width, run.seed) for run in runs[:4]] == [(80, 0), (40, 0), (80, 1), (40, 1)]
    assert len(runs) == 16
    assert all(run.flops == pytest.approx(run.budget, rel=1e-3) for run in runs)


def test_unknown_group():
    with pytest.raises(LadderError, match=r"no group of runs is called 'proze'; there are prose-rate, .*"):
        planned(["proze"])
