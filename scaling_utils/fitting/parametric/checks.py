"""What the fit of Approach 3 depends on: the objective, the outliers, and how far constants lie apart."""

from __future__ import annotations

import math

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.errors import DataError
from scaling_utils.fitting.parametric.fit import fit_parametric
from scaling_utils.laws import HOFFMANN, KnownLaw
from scaling_utils.results import FitResult
from scaling_utils.runs.table import RunTable

HUBER, ABSOLUTE, SQUARES = "refit: Huber", "refit: least absolute", "refit: least squares"
EVERY_RUN = "refit: Huber, every run"
"""The fits of `vary_fit` by name; `HUBER` is the headline."""

COORDINATES = ("lnA", "lnB", "lnE", "alpha", "beta")
"""What the surface is fitted in."""

MEDIAN_TO_SD = 1.4826
"""Standard deviation of normal residuals over their median size."""


def vary_fit(
    runs: RunTable, fit: FitResult, *, every_run: RunTable | None = None, resamples: int = 1000
) -> dict[str, FitResult]:
    """Fit the same runs with other objectives, and all the runs with the same one.

    Parameters
    ----------
    runs
        The runs that were fitted.
    fit
        Their fit by `fit_parametric` with the Huber objective, which comes first in the result.
    every_run
        The table before runs were left out; None, or one of the same length, for no such fit.
    resamples
        Bootstrap resamples of the other fits. Least absolute deviations take 4 ms each.

    Returns
    -------
    dict of FitResult
        By `HUBER`, `ABSOLUTE`, `SQUARES` and `EVERY_RUN`.
    """
    seed = fit.provenance["seed"]
    fits = {
        HUBER: fit,
        ABSOLUTE: fit_parametric(runs, objective="least-absolute", resamples=resamples, seed=seed),
        SQUARES: fit_parametric(runs, objective="least-squares", resamples=resamples, seed=seed),
    }
    if every_run is not None and len(every_run) > len(runs):
        fits[EVERY_RUN] = fit_parametric(
            every_run, delta=fit.provenance["delta"], resamples=resamples, seed=seed
        )
    return fits


def coordinates(fit: FitResult) -> FloatArray:
    """The optimum and then the draws in `COORDINATES`, shape (1 + resamples, 5).

    Failed resamples, and those whose floor is zero and has no logarithm, are left out.

    >>> from scaling_utils import load
    >>> from scaling_utils.fitting.parametric import fit_parametric
    >>> coordinates(fit_parametric(load("hoffmann2022-fig4"), resamples=20)).shape
    (21, 5)
    """
    e, a, b, alpha, beta = (
        np.concatenate([[fit.estimates[name].value], fit.draws.get(name, np.empty(0))])
        for name in HOFFMANN.names
    )
    with np.errstate(divide="ignore"):
        rows = np.stack([np.log(a), np.log(b), np.log(e), alpha, beta], axis=1)
    kept = np.isfinite(rows).all(axis=1)
    kept[0] = True
    return np.asarray(rows[kept])


def standard_deviations(fit: FitResult) -> dict[str, float]:
    """Standard deviations of the bootstrap draws: of the estimates by name, and of lnA, lnB and lnE.

    NaN where fewer than two resamples have one.

    Raises
    ------
    DataError
        If the fit has no draws.
    """
    if not fit.draws:
        raise DataError("the fit has no bootstrap draws", remedy="Fit with resamples > 0.")
    rows = coordinates(fit)[1:]
    spreads = rows.std(axis=0, ddof=1).tolist() if len(rows) > 1 else [math.nan] * len(COORDINATES)
    found = {
        name: float(np.nanstd(draws, ddof=1)) if np.isfinite(draws).sum() > 1 else math.nan
        for name, draws in fit.draws.items()
    }
    return found | dict(zip(COORDINATES, spreads, strict=True))


def bootstrap_summary(fit: FitResult) -> dict[str, float]:
    """Numbers that replications print of a bootstrap, by short keys.

    Returns
    -------
    dict
        ``sd_NAME`` for the estimates and for ln A, ln B and ln E (``sd_lnA``, ...); ``pct_low_NAME`` and
        ``pct_high_NAME``, the ends of the percentile interval of 95 %; ``width80_a``, the width of that of
        80 % for the exponent a.

    Raises
    ------
    DataError
        If the fit has no draws.
    """
    summary = {f"sd_{name}": sd for name, sd in standard_deviations(fit).items()}
    for name, draws in fit.draws.items():
        low, high = np.nanquantile(draws, [0.025, 0.975])
        summary |= {f"pct_low_{name}": float(low), f"pct_high_{name}": float(high)}
    low, high = np.nanquantile(fit.draws["a"], [0.1, 0.9])
    return summary | {"width80_a": float(high - low)}


def wald_distance(fit: FitResult, law: KnownLaw) -> float:
    r"""Squared distance of published constants from the fit, in units of its bootstrap covariance.

    :math:`(\theta - \hat\theta)^T \Sigma^{-1} (\theta - \hat\theta)` in ln A, ln B, ln E, alpha, beta. If the
    published constants were true, this would be about chi-squared with five degrees of freedom. NaN where
    the fit has no floor.

    Raises
    ------
    DataError
        If the law is not of this form, or the fit has too few draws.

    Notes
    -----
    *Source*: Besiroglu et al. 2024, the test of the constants of Hoffmann et al. 2022.
    """
    if law.form is not HOFFMANN:
        raise DataError(f"the law '{law.id}' is not of the form E + A/N^alpha + B/D^beta")
    rows = coordinates(fit)
    if len(rows) < 2 * len(COORDINATES) + 1:
        raise DataError("the fit has too few bootstrap draws", remedy="Fit with more resamples.")
    if not np.isfinite(rows[0]).all():
        return math.nan
    e, a, b, alpha, beta = law.theta
    apart = np.array([np.log(a), np.log(b), np.log(e), alpha, beta]) - rows[0]
    return float(apart @ np.linalg.solve(np.cov(rows[1:].T), apart))


def surface_residuals(fit: FitResult, runs: RunTable) -> FloatArray:
    """Measured ln loss less that of the fit, shape (n,)."""
    predicted = HOFFMANN.value(fit.values(*HOFFMANN.names), runs.frame["params"], runs.frame["tokens"])
    return np.asarray(np.log(runs.frame["loss"].to_numpy(dtype=float) / np.asarray(predicted)))


def residual_spread(fit: FitResult, runs: RunTable) -> float:
    """Standard deviation of the losses about the surface, from their median distance.

    Parameters
    ----------
    fit
        Result of `fit_parametric`.
    runs
        The runs that it was fitted to.

    Returns
    -------
    float
        In the unit of the loss, with the degrees of freedom that the constants took; 0 where none are left.
    """
    loss = runs.frame["loss"].to_numpy(dtype=float)
    left = np.abs(loss - loss / np.exp(surface_residuals(fit, runs)))
    free = len(loss) - len(COORDINATES)
    return float(MEDIAN_TO_SD * np.median(left) * math.sqrt(len(loss) / free)) if free > 0 else 0.0
