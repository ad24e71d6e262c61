"""A study that leaves embeddings out of its counts, imitated with the losses of a known law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_utils.allocation.accounting import COUNTS, Frontier, grid_exponent, recounted_frontier
from scaling_utils.allocation.shape import ModelShape, converted
from scaling_utils.conventions import Conventions, FlopRule, tokens_for
from scaling_utils.fitting.protocols import TITLES
from scaling_utils.laws import HoffmannLaw, published_law
from scaling_utils.results import Estimate
from scaling_utils.runs.table import RunTable

BUDGETS, SIZES, REACH = 12, 9, 4.0
"""Of simulated runs: budgets, sizes in each, and the largest ratio of a size to the best one."""


FAR = 1000.0
"""How many times past the largest size of the study its frontiers are followed."""

SIMULATED = {"besiroglu": "besiroglu2024", "hoffmann": "hoffmann2022-unrounded"}
"""The laws from which Pearce and Song 2024 simulate, by the end of their key."""


@dataclass(frozen=True, eq=False)
class AccountingStudy:
    """What a study of a range of sizes finds where a law in all parameters is true.

    Parameters
    ----------
    law
        Id of the law.
    smallest, largest
        Sizes of the study (params outside of the embeddings).
    shape
        How many parameters the embedding of a model of given size holds.
    fitted
        The frontier over the sizes of the study, by what counts the embeddings.
    frontiers
        The same, followed to much larger sizes.
    measured_from
        Smallest size (params outside of the embeddings) that the law was fitted to.
    grid
        Exponents without embeddings from a grid of sizes, by law of `SIMULATED` (see `grid_exponent`).
    """

    law: str
    smallest: float
    largest: float
    shape: ModelShape
    fitted: Mapping[str, Frontier]
    frontiers: Mapping[str, Frontier]
    measured_from: float
    grid: Mapping[str, Estimate]

    def results(self) -> dict[str, Estimate | float]:
        """The exponents by key, for the prose and the ledger."""
        neither = self.fitted["neither"]
        return {
            "a_non_embedding": neither.exponent,
            "a_compute_counted": self.fitted["compute"].exponent,
            "a_all": self.fitted["both"].exponent,
            "a_peak": float(neither.exponents.max()),
            "a_at_largest": float(neither.exponents[-1]),
            **{f"a_grid_{name}": value for name, value in self.grid.items()},
        }


def accounting_study(
    law_id: str, smallest: float, largest: float, *, shape: ModelShape, law_runs: RunTable
) -> AccountingStudy:
    """Recount a law over the sizes of a study.

    Parameters
    ----------
    law_id
        Id of a published law of the loss in all parameters.
    smallest, largest, shape
        As for `recounted_frontier`.
    law_runs
        The runs behind the law, sizes in all parameters: below the smallest the law is extrapolated.

    Raises
    ------
    DataError
        As `recounted_frontier` does.

    Examples
    --------
    >>> from scaling_utils import load
    >>> shape = ModelShape(vocab=32_000, aspect=39.2)
    >>> runs = load("hoffmann2022-fig4")
    >>> study = accounting_study("besiroglu2024", 768, 1.5e9, shape=shape, law_runs=runs)
    >>> {key: round(float(study.results()[key]), 3) for key in ("a_non_embedding", "a_all")}
    {'a_non_embedding': 0.788, 'a_all': 0.513}
    """
    law = HoffmannLaw(**published_law(law_id).values)
    fewest = np.array([law_runs.frame["params"].min()])
    return AccountingStudy(
        law=law_id,
        smallest=smallest,
        largest=largest,
        shape=shape,
        fitted={n: recounted_frontier(law, smallest, largest, counts=n, shape=shape) for n in COUNTS},
        frontiers={
            n: recounted_frontier(law, smallest, FAR * largest, counts=n, shape=shape) for n in COUNTS
        },
        measured_from=float(converted(fewest, "total", "non-embedding", shape)[0]),
        grid={
            name: Estimate(grid_exponent(HoffmannLaw(**published_law(simulated).values), shape=shape))
            for name, simulated in SIMULATED.items()
        },
    )


def recounted_runs(law_id: str, smallest: float, largest: float, *, shape: ModelShape) -> dict[str, RunTable]:
    """IsoFLOP runs with the losses of a law in all parameters, without noise, counted in three ways.

    Parameters
    ----------
    law_id, smallest, largest, shape
        As for `accounting_study`.

    Returns
    -------
    dict
        Runs by what counts the embeddings: ``"neither"``, ``"compute"``, ``"both"``.

    Examples
    --------
    >>> recounted_runs("besiroglu2024", 768, 1.5e9, shape=ModelShape())["both"]
    RunTable('made from besiroglu2024': 108 points of 108 runs; C by 6ND, N total, loss in nats/token)
    """
    law = HoffmannLaw(**published_law(law_id).values)
    tables = {}
    for name, (params_count, flops_count) in COUNTS.items():
        frontier = recounted_frontier(law, smallest, largest, counts=name, shape=shape)
        log_c = np.log(np.geomspace(frontier.flops[0], frontier.flops[-1], BUDGETS))
        best = np.exp(np.interp(log_c, np.log(frontier.flops), np.log(frontier.inner)))
        inner = np.outer(best, np.geomspace(1 / REACH, REACH, SIZES)).ravel()
        budget = np.repeat(np.exp(log_c), SIZES)
        total, counted, params = (
            converted(inner, "non-embedding", c, shape) for c in ("total", flops_count, params_count)
        )
        tokens = tokens_for(budget, counted)
        frame = pd.DataFrame({"params": params, "tokens": tokens, "flops": budget, "budget": budget}).assign(
            loss=law.loss(total, tokens)
        )
        rule: FlopRule = "6ND" if params_count == flops_count else "reported"
        conventions = Conventions(flop_rule=rule, param_count=params_count)
        tables[name] = RunTable.from_frame(frame, conventions=conventions, source=f"made from {law_id}")
    return tables


def vary_accounting(study: AccountingStudy, *, other: ModelShape) -> pd.DataFrame:
    """The exponents of a study by other laws, with other embeddings, and over other sizes.

    Parameters
    ----------
    study
        Result of `accounting_study`.
    other
        Another shape of models.

    Returns
    -------
    DataFrame
        One row per law and change, the index; one column per way to count. A change that leaves no range
        of sizes is absent.
    """
    smallest, largest, shape = study.smallest, study.largest, study.shape
    changes: Mapping[str, tuple[float, ModelShape]] = {
        "": (smallest, shape),
        f", vocabulary of {other.vocab:,}, width {other.aspect:g} times depth": (smallest, other),
        ", smallest size 100 times larger": (100 * smallest, shape),
        ", smallest size 10,000 times larger": (10_000 * smallest, shape),
    }
    rows = {}
    for law_id in dict.fromkeys([study.law, *SIMULATED.values()]):
        law = HoffmannLaw(**published_law(law_id).values)
        for told, (least, of) in changes.items():
            if least < largest:
                rows[f"{law_id}{told}"] = {
                    TITLES[name]: recounted_frontier(law, least, largest, counts=name, shape=of).exponent
                    for name in COUNTS
                }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("law")
