"""What the precision of a sweep rests on, and what there is to publish of a design."""

from __future__ import annotations

import pandas as pd

from scaling_utils.allocation.optimum import allocate
from scaling_utils.allocation.rule import Source
from scaling_utils.allocation.sweep_design import MISSES, SweepDesign
from scaling_utils.allocation.sweep_precision import (
    METHODS,
    precision_table,
    simulate_precision,
    sweep_arrays,
)
from scaling_utils.conventions import convert_loss
from scaling_utils.published import published
from scaling_utils.results import Estimate


def vary_sweep(design: SweepDesign) -> pd.DataFrame:
    """The precision of a sweep with other noise, and around wrong sizes.

    Parameters
    ----------
    design
        The design.

    Returns
    -------
    DataFrame
        One row per change and method: `change`, and the columns of `precision_table`. The other noise is
        what has been published; of losses that are not per token, half and twice the noise of the design.

    Examples
    --------
    >>> from scaling_utils import design_sweep, published_law
    >>> table = vary_sweep(design_sweep(published_law("besiroglu2024"), flops=1e21, simulations=50))
    >>> table[table["method"] == "approach3"].set_index("change")["a sd"].idxmax()
    'noise as of Kaplan et al. 2020'
    """
    changes = _other_noise(design)
    changes |= {f"sizes around {miss:g} times the best": (design.noise, miss) for miss in MISSES if miss != 1}
    budgets, params, tokens = sweep_arrays(design.sweep)
    tables = [
        precision_table(
            simulate_precision(
                design.sweep.prior,
                params * miss,
                tokens / miss,
                budgets=budgets,
                target=design.target,
                noise=noise,
                simulations=design.simulations,
                seed=design.seed,
            )
        ).assign(change=change)
        for change, (noise, miss) in changes.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    return table[["change", *(name for name in table if name not in ("change", "spend (FLOPs)", "runs"))]]


def _other_noise(design: SweepDesign) -> dict[str, tuple[float, float]]:
    """By change: another noise, and that the sizes stay."""
    unit = design.sweep.prior.conventions.loss_unit
    if not unit.endswith("/token"):
        return {f"{times:g} times the noise": (times * design.noise, 1.0) for times in (0.5, 2)}
    seeds = {f"Porian et al. 2024, {on}": sd for on, sd in published("porian.noise").values().items()}
    kaplan = published("kaplan.noise.seed").value
    assert isinstance(kaplan, float)
    seeds["Kaplan et al. 2020"] = kaplan
    return {
        f"noise as of {name}": (float(convert_loss(sd, "nats/token", unit)), 1.0)
        for name, sd in seeds.items()
    }


def design_results(design: SweepDesign, prior: Source) -> dict[str, Estimate | float | str]:
    """What there is to publish of a design, by short keys.

    Parameters
    ----------
    design
        The design.
    prior
        The law or fit that it was made with.

    Returns
    -------
    dict
        ``flops``, ``n_runs``, ``reach``, ``target``, ``noise`` with its ``loss_unit``, ``params`` (best size
        at the target by the prior) and ``a_true``; by method ``a_METHOD`` (mean, with the ends of 95 % of
        the estimates), ``width_METHOD``, ``sd_METHOD``, ``factor_METHOD`` (of N_opt), ``failed_METHOD``; and
        ``less_METHOD`` and ``more_METHOD``, the width at the smallest and at the largest spend.
    """
    found: dict[str, Estimate | float | str] = {
        "flops": design.sweep.flops,
        "n_runs": str(len(design.sweep.runs)),
        "reach": design.sweep.reach,
        "target": design.target,
        "noise": design.noise,
        "loss_unit": design.sweep.prior.conventions.loss_unit,
        "params": allocate(prior, design.target).params,
        "a_true": design.sweep.prior.law.a,
    }
    for method in METHODS:
        own = design.precision(method)
        spends = sorted((p for p in design.precisions if p.method == method), key=lambda p: p.flops)
        a = own.exponent
        found |= {
            f"a_{method}": Estimate(a.truth + a.bias, a.low, a.high),
            f"width_{method}": a.width,
            f"sd_{method}": a.sd,
            f"factor_{method}": own.params_factor,
            f"failed_{method}": own.failed_share,
            f"less_{method}": spends[0].exponent.width,
            f"more_{method}": spends[-1].exponent.width,
            "spend_less": spends[0].flops,
            "spend_more": spends[-1].flops,
        }
    return found
