"""Units that people mistake: counts in billions, FLOPs in PF-days, forward FLOPs for training FLOPs.

Judged on the last point of each run and by medians, so that a single odd run is never refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Literal

import numpy as np
import pandas as pd

from scaling_utils.conventions import PF_DAY, Conventions, params_for, tokens_for, training_flops
from scaling_utils.errors import clip
from scaling_utils.runs.checks import LARGEST, Origin
from scaling_utils.runs.columns import BY_NAME
from scaling_utils.runs.hints import unit_in_name

Units = Mapping[str, float | Literal["perplexity"]]
"""Canonical column to what one of the source's units is."""

AGREEMENT = 1.25
"""6 N D and a given C may differ by this factor: rounded sizes, attention, a warm-up not counted."""

FEWEST_PARAMS = 1e3
"""A table whose median model is smaller was given in thousands, millions or billions (Kaplan et al. 2020
start at 768 parameters, with a median four orders above)."""

MANY_BILLIONS = 30.0
"""A median size from here up, but below `FEWEST_PARAMS`, was rather given in millions."""

FEWEST_TOKENS = 1e4
"""A table whose median run saw fewer tokens was given in millions or billions: this is one or two batches."""

FEWEST_TOKENS_PER_PARAM = 1e-4
"""Published runs lie above 0.1; a toy run of 1e8 parameters on one batch still passes."""

MOST_TOKENS_PER_PARAM = 1e7
"""Twenty tokens per parameter are 2e7 if the parameters are written in millions."""

BUDGET_FACTOR = 10.0
"""The FLOPs of a run lie within this factor of the budget of its IsoFLOP slice."""


def in_base_units(frame: pd.DataFrame, units: Units, origin: Origin) -> pd.DataFrame:
    """Turn columns that the source gives in other units into counts, FLOPs and log-losses.

    Parameters
    ----------
    frame
        Canonical columns as numbers.
    units
        Canonical column to what one of the source's units is: ``{"tokens": 1e9}`` for billions; for the loss
        also ``"perplexity"``, of which the logarithm is taken.
    origin
        For messages.

    Raises
    ------
    DataError
        If a column is not there or holds text, or a unit is neither known nor a positive number below
        `LARGEST`.
    """
    for name, unit in units.items():
        if name not in frame or name not in origin.spelling or BY_NAME[name].dtype == "text":
            raise origin.error(
                f"a unit is given for '{clip(name, 40)}', but the source has no such column of numbers",
                remedy=f"It has {', '.join(n for n in origin.spelling if BY_NAME[n].dtype == 'float')}.",
            )
        if unit == "perplexity":
            if name != "loss":
                raise origin.error("perplexity is a unit of the loss only", column=name)
            # A perplexity below 1, which none can be, becomes a negative loss and is refused as such.
            with np.errstate(divide="ignore", invalid="ignore"):
                frame = frame.assign(loss=np.log(frame["loss"]))
            continue
        if not isinstance(unit, Real) or not 0 < unit < LARGEST:
            raise origin.error(
                f"a unit must be positive and below {LARGEST:g}, not {clip(repr(unit), 40)}",
                column=name,
                remedy="Such as 1e9 for billions."
                + (" A loss may also be a 'perplexity'." if name == "loss" else ""),
            )
        with np.errstate(over="ignore"):
            frame = frame.assign(**{name: frame[name] * unit})
    return frame


def fill_third(frame: pd.DataFrame, conventions: Conventions) -> pd.DataFrame:
    """Add the absent one of params, tokens and flops by C = 6 N D, if that is the rule."""
    if conventions.flop_rule != "6ND":
        return frame
    if "tokens" not in frame:
        return frame.assign(tokens=tokens_for(frame["flops"], frame["params"]))
    if "flops" not in frame:
        return frame.assign(flops=training_flops(frame["params"], frame["tokens"]))
    if "params" not in frame:
        return frame.assign(params=params_for(frame["flops"], frame["tokens"]))
    return frame


def last_rows(frame: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Positions of the last point of each run: largest step, else tokens, else flops; in row order."""
    by = next(name for name in ("step", "tokens", "flops") if name in frame)
    order = np.argsort(frame[by].to_numpy(), kind="stable")
    last = ~frame["run_id"].iloc[order].duplicated(keep="last").to_numpy()
    return np.sort(order[last])


def check_units(frame: pd.DataFrame, conventions: Conventions, origin: Origin) -> None:
    """Refuse counts whose size or proportion shows that they are in another unit.

    Raises
    ------
    DataError
        Naming the column, the ratio found and the likely cause.
    """
    given = origin.spelling
    last = last_rows(frame)
    ends = frame.iloc[last]
    size = float(ends["params"].median())
    if "params" in given and size < FEWEST_PARAMS:
        raise origin.error(
            f"half of the models have at most {size:.4g} parameters",
            column="params",
            remedy="Were they given in billions or millions? Write 1.3 billion as 1.3e9, or give "
            f"--unit params={_unit_of(given['params'], size)}.",
        )
    if conventions.flop_rule == "6ND" and {"params", "tokens", "flops"} <= set(given):
        _check_six_n_d(frame, origin)
    tokens = ends["tokens"] if "tokens" in ends else tokens_for(ends["flops"], ends["params"])
    _check_proportions(float(tokens.median()), float((tokens / ends["params"]).median()), origin)
    if "budget" in ends and "flops" in ends:
        _check_budgets(ends, last, origin)


def _unit_of(name: str, size: float) -> str:
    """The unit in which models of this size were given: by the column's name, else by what is plausible."""
    return unit_in_name(name) or ("1e6" if size >= MANY_BILLIONS else "1e9")


def _check_six_n_d(frame: pd.DataFrame, origin: Origin) -> None:
    ratio = training_flops(frame["params"], frame["tokens"]) / frame["flops"]
    off = np.flatnonzero(np.abs(np.log(ratio)) > np.log(AGREEMENT))
    if not off.size:
        return
    typical = float(ratio.iloc[off].median())
    raise origin.error(
        f"6 x params x tokens is {typical:.3g} times these FLOPs; by the FLOP rule '6ND' it must be 1 "
        f"(accepted: within a factor of {AGREEMENT:g})",
        column="flops",
        positions=off.tolist(),
        remedy=_likely_cause(typical),
    )


def _likely_cause(ratio: float) -> str:
    """Say what a ratio of 6 N D to C points to."""
    otherwise = "If the FLOPs were counted another way, give --convention flop_rule=reported."
    if 1 / 1.5 < ratio / PF_DAY < 1.5:
        return f"Were the FLOPs given in PF-days? Multiply them by {PF_DAY:g}: --unit flops={PF_DAY:g}."
    if 2.4 < ratio < 3.75:
        return (
            "The FLOPs look like 2 N D, the forward pass only: multiply them by 3, with --unit flops=3. "
            f"{otherwise}"
        )
    power = round(float(np.log10(ratio)) / 3) * 3
    if power and 1 / 2 < ratio / 10.0**power < 2:
        if power > 0:
            return (
                f"Were the FLOPs given in units of 1e{power}? Then give --unit flops=1e{power}. {otherwise}"
            )
        unit = {-3: "thousands", -6: "millions", -9: "billions", -12: "trillions"}.get(power)
        if unit:
            return (
                f"Were the tokens (or the parameters) given in {unit}? Write them in full, as in 1.4e12, or "
                f"give --unit tokens=1e{-power} (or --unit params=1e{-power})."
            )
        return f"Were both tokens and parameters given in larger units? The product is short of 1e{-power}."
    return otherwise


def _check_proportions(tokens: float, tokens_per_param: float, origin: Origin) -> None:
    given = origin.spelling
    if tokens < FEWEST_TOKENS or tokens_per_param < FEWEST_TOKENS_PER_PARAM:
        amount = (
            f"half of the runs end after at most {tokens:.4g} tokens, or {tokens_per_param:.2g} per parameter"
        )
        if "tokens" in given:
            raise origin.error(
                amount,
                column="tokens",
                remedy="Were they given in billions or millions? Write 300 billion as 3e11, or give "
                "--unit tokens=1e9.",
            )
        raise origin.error(
            f"these FLOPs are few for the parameters: by C = 6 N D {amount}",
            column="flops",
            remedy=f"Were they given in PF-days? Multiply them by {PF_DAY:g}: --unit flops={PF_DAY:g}.",
        )
    if tokens_per_param > MOST_TOKENS_PER_PARAM:
        many = f"half of the runs saw at least {tokens_per_param:.2g} tokens per parameter"
        if "params" in given:
            raise origin.error(
                many,
                column="params",
                remedy="Were the parameters given in millions or billions? Write 125 million as 1.25e8, or "
                "give --unit params=1e6.",
            )
        raise origin.error(
            f"by C = 6 N D {many}",
            column="flops",
            remedy="Were the FLOPs given in larger units? For 1e18 FLOPs each, give --unit flops=1e18.",
        )


def _check_budgets(
    ends: pd.DataFrame, last: np.ndarray[tuple[int], np.dtype[np.intp]], origin: Origin
) -> None:
    ratio = ends["flops"] / ends["budget"]
    typical = float(ratio.median())
    if not np.isnan(typical) and not 1 / BUDGET_FACTOR < typical < BUDGET_FACTOR:
        raise origin.error(
            f"the FLOPs of the runs are {typical:.3g} times their budget",
            column="budget",
            positions=last[ratio.notna().to_numpy()].tolist(),
            remedy="A budget is the nominal compute of the slice in FLOPs, such as 6e18.",
        )
