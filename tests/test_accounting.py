"""Exponents as embeddings are counted, against a search over sizes; recipes and gaps against the paper."""

import numpy as np
import pytest

from scaling_utils.allocation import ModelShape, allocate
from scaling_utils.allocation.accounting import COUNTS, grid_exponent, recounted_frontier
from scaling_utils.allocation.accounting_study import accounting_study, recounted_runs, vary_accounting
from scaling_utils.allocation.recipe_results import results_by_key
from scaling_utils.allocation.recipes import (
    expected_gaps,
    predicted_curves,
    recipe_sizes,
    recipes_cross,
)
from scaling_utils.allocation.shape import converted
from scaling_utils.conventions import tokens_for
from scaling_utils.errors import DataError
from scaling_utils.fitting.pair import compare_pair
from scaling_utils.laws import HoffmannLaw, published_law
from scaling_utils.published import published

SHAPE = ModelShape(vocab=32_000, aspect=39.2)
LAW = HoffmannLaw(**published_law("besiroglu2024").values)


@pytest.mark.parametrize("counts", COUNTS)
def test_frontier_is_where_a_search_finds_it(counts):
    frontier = recounted_frontier(LAW, 1e5, 1e9, counts=counts, shape=SHAPE)
    inner = np.geomspace(1e4, 1e10, 60_001)
    total = converted(inner, "non-embedding", "total", SHAPE)
    counted = converted(inner, "non-embedding", COUNTS[counts][1], SHAPE)
    for point in (0, 300, 600, 999):
        loss = LAW.loss(total, tokens_for(frontier.flops[point], counted))
        assert inner[loss.argmin()] == pytest.approx(frontier.inner[point], rel=1e-3)


def test_counted_in_full_it_is_the_power_law_of_allocate():
    frontier = recounted_frontier(LAW, 1e6, 1e9, counts="both", shape=SHAPE)
    best = allocate(published_law("besiroglu2024"), float(frontier.flops[500]))
    assert best.params.value == pytest.approx(frontier.params[500])
    assert frontier.exponent == pytest.approx(LAW.a, abs=1e-9)


def test_without_embeddings_it_is_the_frontier_of_allocate_in_that_count():
    frontier = recounted_frontier(LAW, 1e6, 1e12, counts="neither", shape=SHAPE)
    assert frontier.exponents[-1] == pytest.approx(LAW.a, abs=1e-3)
    assert frontier.exponents.max() > 0.95


def test_published_simulation_comes_back():
    stated = published("pearce.sim").values()
    for name, law_id in (("besiroglu", "besiroglu2024"), ("hoffmann", "hoffmann2022-unrounded")):
        ours = grid_exponent(HoffmannLaw(**published_law(law_id).values), shape=SHAPE)
        assert ours == pytest.approx(stated[name], abs=0.0055)


def test_an_empty_range_of_sizes_is_refused():
    with pytest.raises(DataError, match="no range"):
        recounted_frontier(LAW, 1e9, 1e6, shape=SHAPE)


def test_variations_skip_a_range_that_is_empty():
    runs = recounted_runs("besiroglu2024", 1e6, 1.5e9, shape=SHAPE)["both"]
    study = accounting_study("besiroglu2024", 1e6, 1.5e9, shape=SHAPE, law_runs=runs)
    table = vary_accounting(study, other=ModelShape())
    assert len(table) == 2 * 3
    assert table.iloc[0].to_list() == [study.fitted[name].exponent for name in COUNTS]


def test_published_sizes_gaps_and_sequences_come_back():
    curves = predicted_curves(published_law("hoffmann2022-unrounded"), {"k": 4.74e9, "a": 2.80e9}, 1e21)
    pair = compare_pair(curves, seed_spread=0.02)
    found = results_by_key(pair, recipe_sizes(1e21), expected_gaps(pair), sequence_length=2048)
    for fact, beginning in (("sizes", "size"), ("gap", "gap"), ("seq", "sequences")):
        for name, value in published(f"hoff.figA4.{fact}").values().items():
            if not name.endswith("_trained"):
                assert found[f"{beginning}_{name}"].value == pytest.approx(value, rel=0.005), name


def test_recipes_agree_where_they_cross():
    sizes = recipe_sizes(recipes_cross())["params"]
    assert sizes.iloc[0] == pytest.approx(sizes.iloc[1])
    above = recipe_sizes(10 * recipes_cross())["params"]
    assert above.iloc[0] > above.iloc[1]
