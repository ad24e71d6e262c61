"""Plans at many budgets: every published law of the best size on a grid of round budgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from scaling_utils.allocation.planning import PLANS, plan_table
from scaling_utils.allocation.rule import Source, known_sources
from scaling_utils.errors import DataError
from scaling_utils.laws import AllocationLaw, KnownLaw

MANTISSAS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Steps within a power of ten, nearly even in the logarithm and short to type."""


def round_budgets(first: int, last: int) -> list[float]:
    """Budgets (FLOPs) from one power of ten to another, ten to a power.

    Parameters
    ----------
    first, last
        Exponents of ten of the smallest and the largest budget.

    Raises
    ------
    DataError
        If the last is not above the first.

    Examples
    --------
    >>> budgets = round_budgets(18, 26)
    >>> budgets[0], budgets[1], budgets[-1], len(budgets)
    (1e+18, 1.2e+18, 1e+26, 81)
    """
    if last <= first:
        raise DataError(f"budgets from 1e{first} to 1e{last} FLOPs are no range")
    # through text: the nearest floats to what a reader types
    grid = [float(f"{mantissa:g}e{power}") for power in range(first, last) for mantissa in MANTISSAS]
    return [*grid, float(f"1e{last}")]


def every_source() -> dict[str, KnownLaw | AllocationLaw]:
    """Every published law of the best size by the name to show: those of `PLANS`, then the rest by id.

    >>> names = list(every_source())
    >>> names[0], names[-1], len(names) == len(known_sources())
    ('Kaplan 2020', 'porian2024-refinedweb-tokens', True)
    """
    known, named = known_sources(), set(PLANS.values())
    first = {name: known[law_id] for name, law_id in PLANS.items()}
    return first | {law_id: law for law_id, law in known.items() if law_id not in named}


def plan_grid(sources: Mapping[str, Source], budgets: Iterable[float]) -> pd.DataFrame:
    """The best model by each law at each budget, parameters counted in full.

    Parameters
    ----------
    sources
        Fits and published laws by the name to show.
    budgets
        Budgets (FLOPs).

    Returns
    -------
    DataFrame
        One row per law and budget in the order given, the index `law`, `budget`; the columns of `plan_table`.

    Examples
    --------
    >>> grid = plan_grid(every_source(), [1e21, 1e24])
    >>> f"{grid.loc[('Besiroglu 2024', 1e24), 'N_opt']:.3g}"
    '9.59e+10'
    """
    tables = pd.concat({budget: plan_table(sources, budget) for budget in budgets}, names=["budget"])
    order = {name: place for place, name in enumerate(sources)}
    return tables.swaplevel().sort_values("law", key=lambda names: names.map(order), kind="stable")
