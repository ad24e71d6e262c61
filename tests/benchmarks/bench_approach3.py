"""Approach 3 beside loops over lmfit and scipy: ratios of times measured in turn, in one run.

    python tests/benchmarks/bench_approach3.py [--dataset hoffmann2022-fig4] [--rounds 5]

Absolute times depend on the machine and on what else it does; nothing is asserted. The loops are timed on a
few resamples and scaled up, as they are linear in their number. "F/F* - 1" is the excess of the objective.
"""

import argparse
import os
import resource
import time
from dataclasses import replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from scaling_utils import load
from scaling_utils.fitting.bootstrap import bootstrap_surface, resample_weights
from scaling_utils.fitting.objective import Objective
from scaling_utils.fitting.parametric import drop_largest_losses, fit_parametric
from scaling_utils.fitting.problem import Problem
from scaling_utils.fitting.starts import hoffmann_starts
from scaling_utils.fitting.surface import Surface, surface_problem

RESAMPLES, LOOPED, LMFIT_STARTS = 4000, 12, 32
GOAL = Objective()


def timed(call):
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def repeated(problem: Problem, drawn: np.ndarray) -> Problem:
    """The problem on points drawn with replacement."""
    return replace(
        problem,
        residuals=lambda theta: problem.residuals(theta)[drawn],
        jacobian=lambda theta: problem.jacobian(theta)[drawn],
    )


def scipy_fit(problem: Problem, start: np.ndarray) -> np.ndarray:
    from scipy.optimize import least_squares

    return least_squares(
        problem.residuals, start, jac=problem.jacobian, loss="huber", f_scale=GOAL.delta, x_scale="jac",
        ftol=1e-10, xtol=1e-10, gtol=1e-10,
    ).x  # fmt: skip


def full_fit(runs, problem, rounds):
    starts = hoffmann_starts()[np.random.default_rng(0).choice(4500, LMFIT_STARTS, replace=False)]

    def by_lmfit():
        ends = [problem.theta(problem.polish(start, GOAL, max_nfev=300)) for start in starts]
        return min(GOAL.total(problem.residuals(end)) for end in ends)

    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(timed(lambda: fit_parametric(runs, resamples=0)))
        theirs.append(timed(by_lmfit))
    best = min([total for _, total in theirs] + [fit.diagnostics["objective"] for _, fit in ours])
    mine, loop = (np.median([seconds for seconds, _ in rows]) for rows in (ours, theirs))
    excess = ours[0][1].diagnostics["objective"] / best - 1
    yield "full fit, native lmfit result", mine, 1.0, f"F/F* - 1 = {excess:.0e}"
    yield f"lmfit from {LMFIT_STARTS} published starts", loop, loop / mine, f"{theirs[0][1] / best - 1:.0e}"
    seconds, fit = timed(lambda: fit_parametric(runs, starts="hoffmann2022", resamples=0))
    share = fit.diagnostics["share_agreeing"]
    yield "all 4,500 published starts, batched", seconds, seconds / mine, f"{share:.0%} agree"


def bootstrap(surface, problem, optimum, rounds):
    group = np.arange(surface.n_points)
    weights = resample_weights(np.random.default_rng(1), LOOPED, group)
    drawn = [repeated(problem, np.repeat(group, row)) for row in weights]
    loops = {
        "scipy loop": lambda: [scipy_fit(one, optimum) for one in drawn],
        "lmfit loop": lambda: [one.polish(optimum, GOAL) for one in drawn],
    }
    seconds = {name: [] for name in ("batched", *loops)}
    for _ in range(rounds):
        elapsed, _ = timed(
            lambda: bootstrap_surface(surface, optimum, group, GOAL, resamples=RESAMPLES, seed=0)
        )
        seconds["batched"].append(elapsed)
        for name, loop in loops.items():
            seconds[name].append(timed(loop)[0] * RESAMPLES / LOOPED)
    mine = np.median(seconds["batched"])
    for name, values in seconds.items():
        yield f"{RESAMPLES:,} resamples, {name}", np.median(values), np.median(values) / mine, ""


def growth(runs, surface, optimum):
    for count in (1_000, 10_000, 100_000):
        seconds, _ = timed(
            lambda count=count: bootstrap_surface(
                surface, optimum, np.arange(surface.n_points), GOAL, resamples=count, seed=0
            )
        )
        yield f"{count:,} resamples", seconds, seconds / count * 1e6, "us a resample"
    rng = np.random.default_rng(0)
    for count in (1_000, 10_000, 100_000):
        frame = runs.frame.iloc[rng.integers(0, len(runs), count)].reset_index(drop=True)
        noise = np.exp(0.003 * rng.standard_normal((2, count)))
        many = frame.assign(
            params=frame["params"] * noise[0],
            loss=frame["loss"] * noise[1],
            run_id=pd.Series(np.arange(count).astype(str)),
        )
        table = replace(runs, frame=many)
        seconds, _ = timed(lambda table=table: fit_parametric(table, resamples=0))
        yield f"full fit of {count:,} points", seconds, seconds / count * 1e6, "us a point"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="hoffmann2022-fig4")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    runs = drop_largest_losses(load(options.dataset), 5)
    fit = fit_parametric(runs, resamples=0)  # imports are warm from here on
    logs = (np.log(runs.frame[name].to_numpy()) for name in ("params", "tokens", "loss"))
    surface = Surface(*logs, turn=GOAL.turn)
    problem = surface_problem(surface)
    optimum = problem.theta(fit.lmfit_result)
    rows = [
        *full_fit(runs, problem, options.rounds),
        *bootstrap(surface, problem, optimum, options.rounds),
        *growth(runs, surface, optimum),
    ]
    print(f"{'':44}{'seconds':>10}{'ratio':>10}")  # noqa: T201
    for name, seconds, ratio, note in rows:
        print(f"{name:44}{seconds:10.4f}{ratio:10.1f}  {note}")  # noqa: T201
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")  # noqa: T201


if __name__ == "__main__":
    main()
