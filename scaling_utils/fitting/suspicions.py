"""What looks wrong in a table that can be read, and the option that mends it.

What cannot be right is refused when the table is made; these cases a careful reader would ask about.
"""

from __future__ import annotations

import shlex
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import training_flops
from scaling_utils.errors import clip
from scaling_utils.laws import published_law
from scaling_utils.runs.columns import BY_NAME, listed
from scaling_utils.runs.table import RunTable

UNIFORM_GUESS = 13.0
"""Nats per token: more than a uniform guess among 400,000 tokens costs."""
BITS = (1.3, 1.6)
"""A loss this many times what a published law predicts may be in bits (1 / ln 2 = 1.44)."""
TOKENS_PER_PARAM = (0.1, 1e4)
"""The median run of the published tables lies well within."""
RISE = 0.05
"""A curve that ends this much above its lowest loss has diverged, or was read past its best point."""
ABOVE = 0.2
"""A run that ends this much above one with no more parameters and no more tokens perhaps diverged, or
ended in its warm-up."""
KINDS = ("dataset", "variant", "attention", "panel")
"""Columns that name what a loss is of, or how a run was trained: only runs alike in them are compared."""
EARLY = 0.95
"""A run that ends before this share of what most runs reach was perhaps interrupted."""
CHECKPOINTS = 5
"""Rows that share a name and a size, and differ in tokens: so many are points of one curve."""
MOST = 0.7
"""Share of the runs that must end at one point before others count as interrupted."""


@dataclass(frozen=True)
class Suspicion:
    """Something that looks wrong.

    Parameters
    ----------
    what
        What was found, in a sentence.
    mend
        The options that mend it; empty where only the source can.
    """

    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.what} ({self.mend})" if self.mend else self.what


def suspicions(runs: RunTable) -> tuple[Suspicion, ...]:
    """Say what looks wrong in a table of runs.

    Parameters
    ----------
    runs
        A checked table.

    Returns
    -------
    tuple of Suspicion
        One loss for all runs, losses in another unit, FLOPs by another rule, unusual proportions, checkpoints
        taken for runs, one run under two names, curves that end early or rise, runs that end far above
        smaller ones; empty where nothing does.

    Notes
    -----
    *Source*: the expected loss is that of Hoffmann et al. 2022, equation 10, which holds for English web text
    and a vocabulary of 32,000; a table of other data may be far from it and right.

    Examples
    --------
    >>> frame = pd.DataFrame({"N": [7e7, 7e8], "D": [1.4e9, 1.4e10], "loss": [40.0, 12.2]})
    >>> print(suspicions(RunTable.from_frame(frame, source="example"))[0])
    half of the final losses are above 26.1 nats/token, ... (--unit loss=perplexity)
    """
    ends = runs.final_points()
    units = (_constant, _loss_unit, _flop_rule, _proportions)
    looks = (*units, _run_names, _duplicates, _early, _rising, _above)
    return tuple(suspicion for look in looks for suspicion in look(runs, ends))


def _constant(runs: RunTable, ends: RunTable) -> Iterator[Suspicion]:
    loss = ends.frame["loss"]
    if ends.n_runs > 1 and loss.min() == loss.max():
        yield Suspicion(
            f"every run ends at a loss of {loss.iloc[0]:.6g}: is this column the loss?", "--map loss=COLUMN"
        )


def _loss_unit(runs: RunTable, ends: RunTable) -> Iterator[Suspicion]:
    unit = runs.conventions.loss_unit
    loss = float(ends.frame["loss"].median())
    if unit != "nats/token":
        return
    if loss > UNIFORM_GUESS:
        yield Suspicion(
            f"half of the final losses are above {loss:.3g} nats/token, more than a uniform guess costs: "
            "a perplexity?",
            "--unit loss=perplexity",
        )
        return
    if "tokens" not in ends.frame:
        return
    expected = published_law("hoffmann2022").loss(params=ends.frame["params"], tokens=ends.frame["tokens"])
    ratio = float(np.median(ends.frame["loss"] / expected))
    if BITS[0] < ratio < BITS[1]:
        yield Suspicion(
            f"the final losses are {ratio:.3g} times what Hoffmann's law expects of such runs: in bits?",
            "--convention loss_unit=bits/token",
        )
    if ratio < 1 / 2:
        yield Suspicion(
            f"the final losses are {ratio:.3g} times what Hoffmann's law expects of such runs: per byte?",
            "--convention loss_unit=nats/byte or bits/byte",
        )


def _flop_rule(runs: RunTable, ends: RunTable) -> Iterator[Suspicion]:
    if runs.conventions.flop_rule != "reported" or not {"tokens", "flops"} <= set(ends.frame):
        return
    ratio = float((training_flops(ends.frame["params"], ends.frame["tokens"]) / ends.frame["flops"]).median())
    if 2.4 < ratio < 3.75:
        yield Suspicion(
            f"6 x params x tokens is {ratio:.3g} times the FLOPs: counted as 2 N D, the forward pass?",
            "--unit flops=3",
        )
    elif not 1 / 2 < ratio < 2:
        yield Suspicion(
            f"6 x params x tokens is {ratio:.3g} times the FLOPs as reported", f"--unit flops={ratio:.3g}"
        )


def _proportions(runs: RunTable, ends: RunTable) -> Iterator[Suspicion]:
    if "tokens" not in ends.frame:
        return
    ratio = float((ends.frame["tokens"] / ends.frame["params"]).median())
    low, high = TOKENS_PER_PARAM
    if low <= ratio <= high:
        return
    counts = ("params", "tokens") if ratio > high else ("tokens", "params")
    suspect = next((name for name in counts if name in runs.spelling), "flops")
    yield Suspicion(
        f"half of the runs saw {'more' if ratio > high else 'fewer'} than {ratio:.3g} tokens per parameter: "
        f"are the {suspect} in thousands or millions?",
        f"--unit {suspect}=1e3 or --unit {suspect}=1e6",
    )


def _run_names(runs: RunTable, ends: RunTable) -> Iterator[Suspicion]:
    frame = runs.frame
    if "run_id" in runs.spelling or "tokens" not in frame:
        return
    for name in frame.columns.difference([*BY_NAME]):
        if pd.api.types.is_numeric_dtype(frame[name]) or frame[name].isna().any():
            continue
        groups = frame.groupby(name)
        sizes, rows = groups["params"].agg(["min", "max"]), groups.size()
        one_size, apart = sizes["min"] == sizes["max"], groups["tokens"].nunique() == rows
        if (one_size & apart & (rows >= CHECKPOINTS)).all():
            yield Suspicion(
                f"every row is taken for a run; are the rows with one '{clip(str(name), 60)}' checkpoints of "
                "one?",
                f"--map {shlex.quote(f'run_id={clip(str(name), 60)}')}",
            )
            return


def _duplicates(runs: RunTable, ends: RunTable) -> Iterator[Suspicion]:
    alike = [name for name in ("params", "tokens", "flops", "loss", "step") if name in ends.frame]
    copies = ends.frame[ends.frame.duplicated(alike, keep="first")]["run_id"]
    if len(copies):
        yield Suspicion(
            f"{_runs(copies)} ends with the same numbers as another run: read twice? A bootstrap over runs "
            "would count it twice",
            _exclude(copies),
        )


def _early(runs: RunTable, ends: RunTable) -> Iterator[Suspicion]:
    if len(runs) == len(ends):
        return
    by = next((name for name in ("step", "tokens", "flops") if name in ends.frame), None)
    if by is None or ends.n_runs < 4:
        return
    reached = ends.frame[by]
    if "budget" in ends.frame and "flops" in ends.frame:
        share = ends.frame["flops"] / ends.frame["budget"]
    else:
        usual = float(reached.median())
        if (np.abs(reached / usual - 1) < 1 - EARLY).mean() < MOST:
            return
        share = reached / usual
    early = ends.frame["run_id"][share < EARLY]
    if len(early):
        yield Suspicion(
            f"{_runs(early)} ends early, at {share.min():.0%} of the others' {by} or of its budget: "
            "interrupted?",
            _exclude(early),
        )


def _rise(runs: RunTable, ends: RunTable) -> FloatArray:
    """How far each run ends above its lowest loss, as a share of that."""
    least = runs.frame.groupby("run_id", sort=False)["loss"].min().reindex(ends.frame["run_id"]).to_numpy()
    return np.asarray(ends.frame["loss"].to_numpy() / least - 1)


def _rising(runs: RunTable, ends: RunTable) -> Iterator[Suspicion]:
    rise = _rise(runs, ends)
    risen = ends.frame["run_id"][rise > RISE]
    if len(risen):
        yield Suspicion(
            f"{_runs(risen)} ends {rise.max():.0%} above the lowest loss: diverged, or trained past its best "
            "point?",
            _exclude(risen),
        )


def _above(runs: RunTable, ends: RunTable) -> Iterator[Suspicion]:
    if "tokens" not in ends.frame:
        return
    frame = ends.frame[_rise(runs, ends) <= RISE].sort_values(["params", "tokens", "loss"])
    kinds = [name for name in KINDS if name in frame]
    groups = frame.groupby(kinds, dropna=False, sort=False) if kinds else [("", frame)]
    excess = pd.concat([_excess(group) for _, group in groups]).reindex(frame.index)
    above = frame["run_id"][excess > ABOVE]
    if len(above):
        yield Suspicion(
            f"{_runs(above)} ends {excess.max():.0%} above a run with no more parameters and no more tokens: "
            "diverged, or ended in its warm-up?",
            _exclude(above),
        )


def _excess(frame: pd.DataFrame) -> pd.Series[float]:
    """How far each loss lies above the lowest of a run with no more parameters and tokens; rows in order."""
    # The lowest losses so far, by tokens: each entry has more tokens and a lower loss than the one before it.
    tokens: list[float] = []
    losses: list[float] = []
    excess = []
    for seen, loss in zip(frame["tokens"], frame["loss"], strict=True):
        at = bisect_right(tokens, seen)
        excess.append(loss / losses[at - 1] - 1 if at else 0.0)
        if not at or loss < losses[at - 1]:
            end = next((i for i in range(at, len(losses)) if losses[i] < loss), len(losses))
            tokens[at:end], losses[at:end] = [seen], [loss]
    return pd.Series(excess, index=frame.index, dtype=float)


def _runs(names: pd.Series[str]) -> str:
    first = f"run '{clip(names.iloc[0], 60)}'"
    return first if len(names) == 1 else f"each of {len(names):,} runs ({listed(names, most=3)})"


def _exclude(names: pd.Series[str]) -> str:
    shown = " ".join(f"--exclude {shlex.quote(clip(name, 60))}" for name in names.head(3))
    return shown if len(names) <= 3 else f"{shown} ..."
