"""How far the law of training curves and its minima depend on choices that the data do not make."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from scaling_utils.errors import DataError
from scaling_utils.fitting.isoflop import interpolated_minima
from scaling_utils.fitting.kaplan.accountings import Accountings
from scaling_utils.fitting.kaplan.fit import fit_kaplan
from scaling_utils.fitting.kaplan.minima import measured_minima
from scaling_utils.fitting.powerlaw import fit_power_law
from scaling_utils.laws import KAPLAN_CRITICAL_BATCH, CriticalBatch, KaplanLaw
from scaling_utils.runs.table import RunTable

WARMUPS = (300.0, 1000.0, 3000.0)
"""Steps. Kaplan et al. 2020 warmed the learning rate up over 3,000 (section 2.2)."""

OTHER_CRITICAL = CriticalBatch(scale=2.1e8, exponent=0.21)
"""The critical batch size of Kaplan et al. 2020, table 5, where their equations have 2e8."""

WINDOWS = (3.0, 4.0, 6.0, 8.0)


def vary_fit(
    curves: RunTable, *, batch: float, warmup: float, critical: CriticalBatch = KAPLAN_CRITICAL_BATCH
) -> pd.DataFrame:
    """The law of training curves under other defensible choices.

    Parameters
    ----------
    curves
        Training curves, as for `fit_kaplan`.
    batch
        Batch (tokens).
    warmup
        Steps that the fit itself leaves out; kept where another choice is varied, as is `critical`.
    critical
        As for `fit_kaplan`.

    Returns
    -------
    DataFrame
        One row per choice, the index: `points` fitted, `status`, and `N_c`, `S_c`, `alpha_N`, `alpha_S`,
        `p_N`; NaN where a choice leaves too little to fit.
    """
    choices: dict[str, Mapping[str, Any]] = {
        **{f"points after step {w:g}": {"warmup": w} for w in sorted({*WARMUPS, warmup})},
        **({"critical batch of their table": {"critical": OTHER_CRITICAL}} if critical.known else {}),
        "least squares instead of Huber": {"objective": "least-squares"},
    }
    names = ("N_c", "S_c", "alpha_N", "alpha_S", "p_N")
    rows = []
    for choice in choices.values():
        try:
            fit = fit_kaplan(curves, batch=batch, **{"warmup": warmup, "critical": critical, **choice})
        except DataError:
            rows.append((0, "no fit", *[math.nan] * len(names)))
        else:
            rows.append((int(fit.diagnostics["n_points"]), fit.status, *fit.values(*names)))
    index = pd.Index(choices, name="choice")
    return pd.DataFrame(rows, columns=["points", "status", *names], index=index)


def vary_minima(slices: RunTable, law: KaplanLaw, *, window: float, batch: float) -> pd.DataFrame:
    """The exponents of N_opt under other ways to find the minima.

    Parameters
    ----------
    slices
        What `at_fixed_compute` returns.
    law
        The fitted law. The last row has what the method makes of losses from it, without noise, at the same
        sizes and budgets; beside the law's own exponents it shows the method's bias.
    window, batch
        As for `measured_minima`.

    Returns
    -------
    DataFrame
        One row per choice, the index: `budgets` that took part, and the exponents `fixed batch` and
        `corrected`.
    """
    frame = slices.frame
    exact = law.loss(frame["params"], frame["tokens"] / batch, batch=batch)
    planted = replace(slices, frame=frame.assign(loss=exact))
    rows: dict[str, tuple[int, float, float]] = {}
    for w in sorted({*WINDOWS, window}):
        rows[f"parabola, window {w:g}x"] = _exponents(slices, w, batch, law.critical)
    if law.critical.known:
        rows["parabola, critical batch of their table"] = _exponents(slices, window, batch, OTHER_CRITICAL)
    minima = interpolated_minima(slices)
    try:
        line = fit_power_law(minima["budget"].to_numpy(), minima["params_opt"].to_numpy())
        rows["Akima interpolation"] = (len(minima), line.exponent.value, math.nan)
    except DataError:
        rows["Akima interpolation"] = (len(minima), math.nan, math.nan)
    rows["parabola on noise-free losses from the fitted law"] = _exponents(
        planted, window, batch, law.critical
    )
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["budgets", "fixed batch", "corrected"]
    ).rename_axis("choice")


def residuals(curves: RunTable, law: KaplanLaw, *, batch: float, warmup: float) -> pd.DataFrame:
    """What a law of training curves leaves of each point.

    Parameters
    ----------
    curves
        Training curves with `tokens`.
    law
        The fitted law.
    batch
        Batch (tokens).
    warmup
        Steps that the fit left out.

    Returns
    -------
    DataFrame
        Columns `params`, `steps`, `residual` (ln measured - ln law) and `fitted`.
    """
    frame = curves.frame
    steps = frame["tokens"] / batch
    left = np.log(frame["loss"]) - np.log(law.loss(frame["params"], steps, batch=batch))
    return pd.DataFrame(
        {"params": frame["params"], "steps": steps, "residual": left, "fitted": steps > warmup}
    )


def _exponents(
    slices: RunTable, window: float, batch: float, critical: CriticalBatch = KAPLAN_CRITICAL_BATCH
) -> tuple[int, float, float]:
    try:
        minima = measured_minima(slices, window=window, batch=batch, critical=critical)
    except DataError:
        return 0, math.nan, math.nan
    laws: Accountings = minima.accountings
    return len(minima.used), laws.fixed_batch.exponent.value, laws.corrected.exponent.value
