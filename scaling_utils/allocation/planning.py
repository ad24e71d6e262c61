"""Plans for a budget: published laws and fits side by side, and how far each extrapolates."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from scaling_utils.allocation.off_optimum import tolerated
from scaling_utils.allocation.optimum import allocate
from scaling_utils.allocation.rule import Fit, Source, as_rule, distinct, known_source
from scaling_utils.allocation.shape import ModelShape
from scaling_utils.conventions import DEFAULT, Conventions, ParamCount
from scaling_utils.published import published, published_ids
from scaling_utils.results import Estimate
from scaling_utils.runs.registry import data_folder

PLANS: Mapping[str, str] = MappingProxyType(
    {
        "Kaplan 2020": "kaplan2020-params",
        "Hoffmann 2022, Approach 1": "hoffmann2022-approach1-params",
        "Hoffmann 2022, Approach 2": "hoffmann2022-approach2-params",
        "Hoffmann 2022, Approach 3 as printed": "hoffmann2022",
        "Hoffmann 2022, Approach 3 unrounded": "hoffmann2022-unrounded",
        "Besiroglu 2024": "besiroglu2024",
        "DeepSeek 2024": "bi2024-tokens",
        "Porian 2024, RefinedWeb": "porian2024-refinedweb-params",
        "Llama 3 2024 as printed": "grattafiori2024-tokens",
        "Llama 3 2024 unrounded": "grattafiori2024-tokens-unrounded",
    }
)
"""Published laws to plan by: name to show, and id. One of each pair of params and tokens."""

SUPERSEDED = (
    "Kaplan 2020",
    "Hoffmann 2022, Approach 3 as printed",
    "Hoffmann 2022, Approach 3 unrounded",
    "Llama 3 2024 as printed",
)
"""Not part of the spread: explained by its protocol, rejected by a refit of its own runs, or rounded so that
it misses its paper's own numbers."""

LEADING = "Besiroglu 2024"
"""The published law that answers where there is no fit: the newest of the loss, on the largest runs."""


@dataclass(frozen=True)
class LawsFile:
    """What a plan without runs is made from, for its stamp: the file of published laws.

    Parameters
    ----------
    source, sha256, conventions
        As of a `RunTable`.
    """

    source: str
    sha256: str
    conventions: Conventions

    @classmethod
    def bundled(cls) -> LawsFile:
        """The file that comes with the project.

        >>> LawsFile.bundled().source
        'published laws'
        """
        content = (data_folder() / "published" / "laws.yaml").read_bytes()
        return cls("published laws", hashlib.sha256(content).hexdigest(), DEFAULT)


def planning_sources(*fits: Fit) -> dict[str, Source]:
    """Fits and then the published laws of `PLANS`, by the name to show; fits that share a name are numbered.

    >>> list(planning_sources())[:2]
    ['Kaplan 2020', 'Hoffmann 2022, Approach 1']
    """
    own: dict[str, Source] = dict(zip(distinct(as_rule(fit).name for fit in fits), fits, strict=True))
    return own | {name: known_source(law_id) for name, law_id in PLANS.items()}


def reach(source: Source) -> float:
    """Largest compute (FLOPs) of the runs behind a law; NaN where it is not known.

    A law that was fitted to some of the runs of its paper has a reach of its own.

    >>> f"{reach(known_source('besiroglu2024')):.3g}"
    '1.3e+22'
    >>> f"{reach(known_source('hoffmann2022-approach2-params')):.3g}"
    '3e+21'
    """
    if isinstance(source, Fit):
        return as_rule(source).largest_flops
    of_law = f"reach.{source.id}"
    row = published(of_law if of_law in published_ids() else f"reach.{source.source.bibkey}").value
    return float(row) if isinstance(row, int | float) else math.nan


def plan_table(
    sources: Mapping[str, Source],
    flops: float,
    *,
    param_count: ParamCount = "total",
    shape: ModelShape | None = None,
) -> pd.DataFrame:
    """The best model by each law at one budget, parameters counted alike.

    Parameters
    ----------
    sources
        Fits and published laws by the name to show.
    flops
        Budget (FLOPs), 6 N D with N counted as `param_count` says.
    param_count, shape
        As for `allocate`.

    Returns
    -------
    DataFrame
        One row per law, the index: `N_opt`, `low`, `high` (params), `D_opt` (tokens), `D/N`, `loss` (NaN
        where the law has none; losses on different text are not comparable), `times past data` (the budget
        over the largest one that was measured), `own count` (how the law itself counts N).

    Examples
    --------
    >>> table = plan_table(planning_sources(), 1e24)
    >>> f"{table.loc['Hoffmann 2022, Approach 1', 'times past data']:.0f}"
    '77'
    """
    rows = {}
    for name, source in sources.items():
        best = allocate(source, flops, param_count=param_count, shape=shape)
        rows[name] = {
            "N_opt": best.params.value,
            "low": best.params.low,
            "high": best.params.high,
            "D_opt": best.tokens.value,
            "D/N": best.tokens_per_param.value,
            "loss": best.loss.value,
            "times past data": flops / reach(source),
            "own count": source.conventions.param_count,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("law")


def spread(table: pd.DataFrame, *, without: Iterable[str] = SUPERSEDED) -> tuple[float, float]:
    """Smallest and largest best size (params) by the published laws of a `plan_table`, some left out.

    >>> low, high = spread(plan_table(planning_sources(), 1e24))
    >>> f"{low:.2g} to {high:.2g}"
    '7.1e+10 to 1.1e+11'
    """
    sizes = table["N_opt"].filter(items=[name for name in PLANS if name not in set(without)])
    return float(sizes.min()), float(sizes.max())


def plan_results(
    sources: Mapping[str, Source], table: pd.DataFrame, flops: float
) -> dict[str, Estimate | float | str]:
    """What there is to publish of a plan, by short keys.

    Parameters
    ----------
    sources
        Fits and published laws by the name to show. The first fit leads; without one, `LEADING` does.
    table
        Their `plan_table`.
    flops
        The budget (FLOPs).

    Returns
    -------
    dict
        Of the leading source ``params``, ``tokens``, ``tokens_per_param``, ``extrapolation``, and if it has a
        loss ``loss``, ``smaller`` and ``larger``. Of every published law ``params_ID``, ``ratio_ID`` and
        ``past_ID``, ID being its id. ``spread_low``, ``spread_high`` and ``spread_factor`` of those that
        count; ``kaplan_smaller`` and ``kaplan_larger`` as published.
    """
    leader = next((name for name, s in sources.items() if isinstance(s, Fit)), LEADING)
    best = allocate(sources[leader], flops, param_count="total")
    low, high = spread(table)
    stated = published("kaplan.subopt").values()
    found: dict[str, Estimate | float | str] = {
        "params": best.params,
        "tokens": best.tokens,
        "tokens_per_param": best.tokens_per_param,
        "extrapolation": float(table["times past data"][leader]),
        "spread_low": low,
        "spread_high": high,
        "spread_factor": high / low,
        "n_laws": str(len(table)),
        "n_extrapolating": str(int((table["times past data"] > 1).sum())),
        "kaplan_smaller": f"{stated['smaller']:g}",
        "kaplan_larger": f"{stated['larger']:g}",
    }
    if best.loss.known:
        found["loss"] = best.loss
        found["smaller"], found["larger"] = tolerated(sources[leader])
    for name, law_id in PLANS.items():
        found |= {
            f"params_{law_id}": float(table["N_opt"][name]),
            f"ratio_{law_id}": float(table["D/N"][name]),
            f"past_{law_id}": float(table["times past data"][name]),
        }
    return found
