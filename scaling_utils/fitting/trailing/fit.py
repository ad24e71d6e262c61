"""L(C) of two attention methods at one place of the context: the laws, their gap, and where they cross."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import pf_days_from_flops
from scaling_utils.errors import DataError, clip
from scaling_utils.fitting.powerlaw import MIN_POINTS, fit_power_law
from scaling_utils.results import Estimate, PowerLaw
from scaling_utils.runs.table import RunTable

MIN_MODELS = 4
"""Three models leave one degree of freedom, and an interval of no use."""

LEVEL = 0.95

IntervalOfLines = Literal["student", "bootstrap"]


@dataclass(frozen=True, eq=False)
class TrailingFit:
    """The laws L(C) = A C^-g of two methods, with C in PF-days.

    Parameters
    ----------
    panel
        Place in the context, as the runs name it.
    methods
        The method in question, and the one it is compared with.
    laws
        By method: the coefficient is A, the loss at 1 PF-day; the exponent is -g.
    ends
        The points fitted: compute (PF-days) and loss, a row per method and model size (params).
    crossing
        Compute (PF-days) from which the first method has the lower loss; infinite if it never has. An
        interval that ends at infinity says that the data do not exclude this.
    interval
        Kind of the intervals.
    failed_share
        Share of bootstrap resamples with fewer than three different models, and so no law.
    draws
        Draws of ln A and -g of the first method, then of the second, shape (4, resamples).
    """

    panel: str
    methods: tuple[str, str]
    laws: Mapping[str, PowerLaw]
    ends: pd.DataFrame
    crossing: Estimate
    interval: IntervalOfLines
    failed_share: float
    draws: FloatArray = field(repr=False)

    @property
    def covered(self) -> tuple[float, float]:
        """Smallest and largest compute of the points fitted (PF-days)."""
        return float(self.ends["pf_days"].min()), float(self.ends["pf_days"].max())

    def gap(self, pf_days: float) -> Estimate:
        """How far the first method's loss lies above the second's, as a share of the second's.

        Parameters
        ----------
        pf_days
            Compute (PF-days).

        Returns
        -------
        Estimate
            0.05 for 5 % above.
        """
        first, second = (float(self.laws[method](pf_days)) for method in self.methods)
        d0, d1 = self.draws[:2] - self.draws[2:]
        return Estimate.from_draws(first / second - 1, np.expm1(d0 + d1 * math.log(pf_days)), level=LEVEL)

    def extrapolation(self, pf_days: float) -> float:
        """How many times `pf_days` exceeds the largest compute that was measured."""
        return pf_days / self.covered[1]


def fit_trailing(
    runs: RunTable,
    *,
    panel: str,
    methods: tuple[str, str] = ("moba", "full"),
    tail: float = 0.05,
    interval: IntervalOfLines = "student",
    resamples: int = 10_000,
    seed: int = 0,
) -> TrailingFit:
    r"""Fit :math:`L(C) = A\,C^{-g}` for two methods through the ends of their training curves.

    Parameters
    ----------
    runs
        Training curves with flops, and columns `panel` (place in the context) and `attention` (method);
        every model size in both methods.
    panel
        Which of them.
    methods
        The method in question, and the one it is compared with.
    tail
        The end of a curve is the geometric mean of its points in this last share of its compute, and
        lies at the geometric mean of their compute; 0 takes the last point alone.
    interval
        ``"student"``: draws from the multivariate t distribution of the two lines, n - 2 degrees of
        freedom, with the residuals of a model in the two methods correlated as they are found to be.
        ``"bootstrap"``: resamples of the models, the same ones for both methods.
    resamples, seed
        Draws, and their seed.

    Returns
    -------
    TrailingFit

    Raises
    ------
    DataError
        If a column, the panel or a method is missing, a model lacks one method, there are fewer than four
        models, or `tail` or `interval` is not one.

    Notes
    -----
    *Source*: Lu et al. 2025, section 3.1, figure 8 and table 3. The report does not say what its
    projections were fitted to. Lines through the ends of the curves come closest: over all 18 panels they
    agree with the drawn projections to 0.5 % of the loss (root mean square, 0.4 to 5 PF-days); the lower
    envelope of the curves is 2 % off.

    *Departures from the source*: the intervals. In simulations of five models at these computes, nominal
    95 % intervals for A, g, the gap and the crossing cover 94 to 95 % by ``"student"``, and 81 to 88 % by
    ``"bootstrap"``: five points are too few to resample. Either is wide.

    Examples
    --------
    >>> from scaling_utils import load
    >>> fit = fit_trailing(load("lu2025-moba"), panel="30-32")
    >>> {m: (round(law.coefficient.value, 2), round(-law.exponent.value, 2)) for m, law in fit.laws.items()}
    {'moba': (1.55, 0.11), 'full': (1.47, 0.1)}
    >>> fit.gap(1.0).value > 0.04, fit.crossing.high
    (True, inf)
    """
    if interval not in get_args(IntervalOfLines):
        allowed = ", ".join(map(repr, get_args(IntervalOfLines)))
        raise DataError(f"interval is {clip(repr(interval))}; it must be one of {allowed}")
    if not 0 <= tail < 1:
        raise DataError(f"tail is {tail}, but it is a share of the compute, from 0 to less than 1")
    ends = curve_ends(_panel(runs, panel, methods), tail=tail)
    points = {method: ends.loc[(method,), :] for method in methods}
    _require_pairs(points, runs.source)
    fitted = {
        method: fit_power_law(
            table["pf_days"].to_numpy(), table["loss"].to_numpy(), unit=runs.conventions.loss_unit
        )
        for method, table in points.items()
    }
    x, y = (np.log([points[method][name] for method in methods]) for name in ("pf_days", "loss"))
    lines = np.array([[math.log(law.coefficient.value), law.exponent.value] for law in fitted.values()])
    rng = np.random.default_rng(seed)
    if interval == "student":
        draws = _student(x, y, lines, resamples, rng)
    else:
        draws = _resampled(x, y, resamples, rng)
    return TrailingFit(
        panel=panel,
        methods=methods,
        laws={
            method: fitted[method].with_draws(log_coefficient=draws[2 * i], exponent=draws[2 * i + 1])
            for i, method in enumerate(methods)
        },
        ends=ends,
        crossing=_crossing(lines.ravel(), draws),
        interval=interval,
        failed_share=float(np.isnan(draws[0]).mean()) if resamples else math.nan,
        draws=draws,
    )


def has_curves(runs: RunTable) -> bool:
    """Whether some run has more than one point, so that there is a training curve to draw."""
    return bool(runs.frame["run_id"].duplicated().any())


def curve_ends(runs: RunTable, *, tail: float) -> pd.DataFrame:
    """Where training curves end: geometric means of compute and loss over the last share of the compute.

    Parameters
    ----------
    runs
        Training curves with flops and a column `attention`.
    tail
        Share of the compute that is the end.

    Returns
    -------
    DataFrame
        Columns `pf_days` and `loss`; indexed by `attention` and `params`.
    """
    frame = runs.frame
    last = frame.groupby("run_id")["flops"].transform("max")
    kept = frame[frame["flops"] >= (1 - tail) * last]
    logs = pd.DataFrame(
        {
            "attention": kept["attention"],
            "params": kept["params"],
            "run_id": kept["run_id"],
            "pf_days": np.log(pf_days_from_flops(kept["flops"])),
            "loss": np.log(kept["loss"]),
        }
    )
    by_run = logs.groupby(["attention", "params", "run_id"]).mean()
    return by_run.groupby(level=["attention", "params"]).mean().apply(np.exp)


def in_text(names: pd.Series[Any]) -> pd.Series[str]:
    """Names as text; a file of numbers is read as floats, of which whole ones lose their point."""
    numbers = pd.api.types.is_numeric_dtype(names)
    return names.map("{:.12g}".format) if numbers else names.astype(str)


def named_in_text(runs: RunTable) -> RunTable:
    """The table with its places and methods as text, as a fit names them; in a file they may be numbers."""
    names = {name: in_text(runs.frame[name]) for name in ("panel", "attention")}
    return replace(runs, frame=runs.frame.assign(**names))


def _panel(runs: RunTable, panel: str, methods: tuple[str, str]) -> RunTable:
    if missing := [name for name in ("panel", "attention", "flops") if name not in runs.frame]:
        raise DataError(f"there is no column '{missing[0]}'", file=runs.source, remedy="Add it.")
    runs = named_in_text(runs)
    for name, wanted in (("panel", (panel,)), ("attention", methods)):
        known = list(runs.frame[name].unique())
        for value in wanted:
            if value not in known:
                raise DataError(
                    f"no row has '{clip(str(value), 60)}'",
                    file=runs.source,
                    column=name,
                    remedy=f"There are {clip(', '.join(known), 300)}.",
                )
    frame = runs.frame
    return runs.subset((frame["panel"] == panel) & frame["attention"].isin(methods))


def _require_pairs(points: Mapping[str, pd.DataFrame], source: str) -> None:
    first, second = points.values()
    alone = first.index.symmetric_difference(second.index)
    if len(alone):
        raise DataError(
            f"the model of {alone[0]:.4g} params has a curve in one of the two methods only",
            file=source,
            remedy="Leave it out, or add the other curve.",
        )
    if len(first) < MIN_MODELS:
        raise DataError(
            f"two laws and their gap need at least {MIN_MODELS} models, not {len(first)}",
            file=source,
            remedy="Add models of other sizes.",
        )


def _student(
    x: FloatArray, y: FloatArray, lines: FloatArray, resamples: int, rng: np.random.Generator
) -> FloatArray:
    """Draws of both lines from their joint t distribution, shape (4, resamples)."""
    freedom = x.shape[1] - 2
    solvers = [np.linalg.pinv(np.column_stack([np.ones_like(xs), xs])) for xs in x]
    residuals = y - lines[:, :1] - lines[:, 1:] * x
    noise = residuals @ residuals.T / freedom
    covariance = np.block([[noise[i, j] * solvers[i] @ solvers[j].T for j in range(2)] for i in range(2)])
    normal = rng.multivariate_normal(np.zeros(4), covariance, size=resamples, method="eigh")
    scale = np.sqrt(freedom / rng.chisquare(freedom, size=resamples))
    return np.asarray(lines.reshape(4, 1) + normal.T * scale)


def _resampled(x: FloatArray, y: FloatArray, resamples: int, rng: np.random.Generator) -> FloatArray:
    """Draws of both lines from resamples of the models, shape (4, resamples)."""
    n = x.shape[1]
    weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples) / n
    weights = np.where((weights > 0).sum(axis=1, keepdims=True) >= MIN_POINTS, weights, np.nan)
    draws = []
    for xs, ys in zip(x, y, strict=True):
        mean_x, mean_y = weights @ xs, weights @ ys
        slope = (weights @ (xs * ys) - mean_x * mean_y) / (weights @ xs**2 - mean_x**2)
        draws += [mean_y - slope * mean_x, slope]
    return np.stack(draws)


def _crossing(lines: FloatArray, draws: FloatArray) -> Estimate:
    """Where the first line comes below the second; infinite where it falls less steeply."""

    def meeting(both: FloatArray) -> FloatArray:
        d0, d1 = both[:2] - both[2:]
        with np.errstate(over="ignore"):
            return np.where(d1 < 0, np.exp(-d0 / np.where(d1 < 0, d1, 1.0)), np.inf)

    drawn = meeting(draws[:, np.isfinite(draws[0])])
    low, high = math.nan, math.nan
    if drawn.size >= 2:
        ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        low, high = map(float, np.quantile(drawn, ends, method="inverted_cdf"))  # between draws inf is NaN
    return Estimate(float(meeting(lines)), low, high, "PF-days", LEVEL)
