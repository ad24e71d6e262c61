"""The three approaches by name, with one form of result."""

from __future__ import annotations

from typing import Literal, get_args

from scaling_utils.errors import DataError, clip
from scaling_utils.results import FitResult
from scaling_utils.runs.table import RunTable

Method = Literal["approach1", "approach2", "approach3"]


def fit_runs(
    runs: RunTable, method: Method, *, resamples: int = 4000, seed: int = 0, n_jobs: int = 1
) -> FitResult:
    """Fit runs by one of the three approaches of Hoffmann et al. 2022, with its default options.

    Parameters
    ----------
    runs
        Training curves for Approach 1, IsoFLOP slices for Approach 2, final points for Approach 3 (of
        curves it takes the last points).
    method
        ``"approach1"`` (`fit_envelope`), ``"approach2"`` (`fit_isoflop`) or ``"approach3"``
        (`fit_parametric`).
    resamples
        Bootstrap resamples over runs; 0 gives no intervals.
    seed
        Seed of the resampling.
    n_jobs
        Processes for the bootstrap of Approach 3; the result does not depend on it.

    Returns
    -------
    FitResult

    Raises
    ------
    DataError
        If the method is unknown, or the runs cannot serve it.

    Examples
    --------
    >>> from scaling_utils import load
    >>> fit = fit_runs(load("hoffmann2022-fig4"), "approach2", resamples=0)
    >>> round(fit.estimates["a"].value, 3)
    0.508
    """
    if method == "approach1":
        from scaling_utils.fitting.envelope import fit_envelope

        return fit_envelope(runs, resamples=resamples, seed=seed).as_fit_result()
    if method == "approach2":
        from scaling_utils.fitting.isoflop import fit_isoflop

        return fit_isoflop(runs, resamples=resamples, seed=seed).as_fit_result()
    if method == "approach3":
        from scaling_utils.fitting.parametric import fit_parametric

        fit = fit_parametric(runs.final_points(), resamples=resamples, seed=seed, n_jobs=n_jobs)
        if fit.status == "too few runs":
            raise DataError(
                f"{runs.n_runs} runs are too few, or of too few sizes and token counts, for the five "
                "constants of the surface",
                file=runs.source,
                remedy="Add runs that differ in both params and tokens.",
            )
        return fit
    raise DataError(f"no method is called '{clip(str(method), 40)}'; there are {', '.join(get_args(Method))}")
