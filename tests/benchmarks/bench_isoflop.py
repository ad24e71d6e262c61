"""Approach 2 against plain loops, side by side: `python tests/benchmarks/bench_isoflop.py`.

4,000 resamples of the nine slices of Hoffmann et al. 2022, Figure 4, for the parabolas and for the surface,
and the errors of both without noise. Times are the best of several interleaved rounds; the ratios are what
to look at. Loops over resamples are timed on a few and scaled up.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from scaling_utils import load
from scaling_utils.fitting.isoflop import fit as isoflop
from scaling_utils.fitting.isoflop import fit_isoflop_surface
from scaling_utils.fitting.objective import Objective
from scaling_utils.fitting.surface import Surface, surface_problem
from scaling_utils.laws import HoffmannLaw
from scaling_utils.runs.table import RunTable

RESAMPLES, LOOPED = 4000, 40


def looped_parabolas(slices: list[pd.DataFrame], count: int) -> None:
    """`numpy.polyfit` on every resample of every slice, in the same window."""
    rng = np.random.default_rng(0)
    for points in slices:
        log_n, loss = np.log(points["params"].to_numpy()), points["loss"].to_numpy()
        for _ in range(count):
            drawn = rng.integers(0, len(loss), len(loss))
            x, y = log_n[drawn], loss[drawn]
            near = np.abs(x - x[np.argmin(y)]) <= math.log(4)
            if len(np.unique(x[near])) > 2:
                np.polyfit(x[near], y[near], 2)


def looped_surface(surface: Surface, start: np.ndarray, count: int) -> None:
    """`scipy.optimize.least_squares` with the analytic Jacobian on every resample, from the optimum."""
    rng, n, problem = np.random.default_rng(0), surface.n_points, surface_problem(surface)
    for _ in range(count):
        problem.polish_weighted(start, np.bincount(rng.integers(0, n, n), minlength=n), Objective())


def biases() -> pd.DataFrame:
    """Relative error of D_opt at 1e24 FLOPs on noise-free slices of 15 sizes, 1e17 to 1e21 FLOPs."""
    laws = {
        "Hoffmann": HoffmannLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28),
        "asymmetric": HoffmannLaw(E=1.8, A=2000.0, B=20.0, alpha=0.465, beta=0.155),
    }
    rows = []
    for (name, law), (span, drift) in [
        (law, grid) for law in laws.items() for grid in ((8, 1.0), (16, 1.0), (8, 1 / 3))
    ]:
        slices = []
        for i, budget in enumerate(np.geomspace(1e17, 1e21, 5)):
            params = float(law.params_opt(budget)) * drift ** (i / 4) * np.geomspace(1 / span, span, 15)
            tokens = budget / 6 / params
            loss = law.loss(params, tokens)
            slices.append(pd.DataFrame({"params": params, "tokens": tokens, "loss": loss, "budget": budget}))
        runs = RunTable.from_frame(pd.concat(slices, ignore_index=True), source="planted")
        truth = 1e24 / 6 / float(law.params_opt(1e24))
        parabola = float(isoflop.fit_isoflop(runs, window=math.inf, resamples=0).tokens_law(1e24))
        k, b = fit_isoflop_surface(runs, resamples=0).values("k_tokens", "b")
        rows.append((name, span, round(1 / drift), parabola / truth - 1, k * 1e24**b / truth - 1))
    return pd.DataFrame(rows, columns=["law", "span", "drift", "parabola", "surface"])


def best_times(rounds: int, **jobs: Callable[[], object]) -> dict[str, float]:
    """Seconds of each job, the best of interleaved rounds."""
    best = dict.fromkeys(jobs, np.inf)
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def main() -> None:
    """Print the tables."""
    runs = load("hoffmann2022-fig4")
    slices = [points for _, points in isoflop.isoflop_slices(runs)]
    joined = pd.concat(slices)
    surface = Surface(*(np.log(joined[c].to_numpy()) for c in ("params", "tokens", "loss")), turn=1e-3)
    optimum = surface_problem(surface).theta(fit_isoflop_surface(runs, resamples=0).lmfit_result)

    def parabolas() -> None:
        for points in slices:
            isoflop._resampled_minima(points, 4.0, RESAMPLES, np.random.default_rng(0))

    def weights_alone() -> None:
        for points in slices:
            n = len(points)
            np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)

    times = best_times(
        7,
        parabolas=parabolas,
        weights=weights_alone,
        loop=lambda: looped_parabolas(slices, LOOPED),
        surface=lambda: fit_isoflop_surface(runs, resamples=RESAMPLES),
        surface_loop=lambda: looped_surface(surface, optimum, LOOPED),
    )
    loop, surface_loop = (times[name] * RESAMPLES / LOOPED for name in ("loop", "surface_loop"))
    sys.stdout.write(
        f"parabolas, 4,000 resamples of nine slices {times['parabolas'] * 1e3:9.1f} ms"
        f" (of it drawing {times['weights'] * 1e3:.1f} ms)\n"
        f"  polyfit in a loop                       {loop * 1e3:9.1f} ms {loop / times['parabolas']:7.1f} x\n"
        f"surface, fit and 4,000 resamples          {times['surface'] * 1e3:9.1f} ms\n"
        f"  scipy least_squares in a loop           {surface_loop * 1e3:9.1f} ms "
        f"{surface_loop / times['surface']:7.1f} x\n\n"
        f"relative error of D_opt at 1e24 FLOPs, without noise\n{biases().to_string(index=False)}\n"
    )


if __name__ == "__main__":
    main()
