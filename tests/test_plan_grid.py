import numpy as np
import pytest

from scaling_utils.allocation import allocate
from scaling_utils.allocation.plan_grid import every_source, plan_grid, round_budgets
from scaling_utils.allocation.planning import PLANS
from scaling_utils.allocation.rule import known_sources
from scaling_utils.errors import DataError


def test_budgets_are_round_and_evenly_spaced():
    budgets = round_budgets(18, 26)
    assert all(budget == float(f"{budget:.2g}") for budget in budgets)
    steps = np.diff(np.log10(budgets))
    assert steps.min() > 0.07 and steps.max() < 0.13
    with pytest.raises(DataError, match="no range"):
        round_budgets(20, 20)


def test_every_law_of_a_best_size_is_there_once():
    sources = every_source()
    assert list(sources)[: len(PLANS)] == list(PLANS)
    assert sorted(law.id for law in sources.values()) == sorted(known_sources())


def test_the_grid_has_what_allocate_says():
    sources = dict(list(every_source().items())[:6])
    grid = plan_grid(sources, [2.5e19, 1e24])
    assert list(dict.fromkeys(grid.index.get_level_values("law"))) == list(sources)
    for (name, budget), row in grid.iterrows():
        best = allocate(sources[name], budget, param_count="total")
        assert row["N_opt"] == best.params.value and row["D_opt"] == best.tokens.value
