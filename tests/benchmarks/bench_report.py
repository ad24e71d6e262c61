"""A report on 5,000 runs of 200 points: `python tests/benchmarks/bench_report.py [JOBS]`.

The runs lie on a known surface with noise. Seconds of processor time, all processes together, and of the
clock; on a machine that has other work, the former is what to look at.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from scaling_utils.fitting.fitness import fitness
from scaling_utils.laws import HoffmannLaw, published_law
from scaling_utils.report.report import report
from scaling_utils.report.runs import read_given
from scaling_utils.report.workspace import find_sources
from scaling_utils.runs.thin import thin_curves

BUDGETS, SIZES, POINTS, BATCH = 100, 50, 200, 8192


def training_runs() -> pd.DataFrame:
    """Curves of IsoFLOP runs, each with an error of its own and one at every point."""
    law = HoffmannLaw(**published_law("besiroglu2024").values)
    rng = np.random.default_rng(0)
    budget = np.repeat(np.geomspace(1e17, 1e21, BUDGETS), SIZES)
    params = np.round(law.params_opt(budget) * np.tile(np.geomspace(0.15, 6, SIZES), BUDGETS))
    tokens = (budget / (6 * params))[:, None] * np.geomspace(0.01, 1, POINTS)
    own, each = rng.standard_normal((len(params), 1)), rng.standard_normal(tokens.shape)
    loss = law.loss(params[:, None], tokens) * np.exp(0.002 * own + 0.0005 * each)
    names = [f"run-{number:05d}" for number in range(len(params))]
    columns = {"run_id": names, "params": params, "budget": budget}
    frame = pd.DataFrame({name: np.repeat(values, POINTS) for name, values in columns.items()})
    steps = np.maximum(1, np.round(tokens / BATCH))
    frame = frame.assign(tokens=tokens.ravel(), step=steps.ravel(), loss=loss.ravel())
    return frame[~frame.duplicated(["run_id", "step"])]


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print what the block took, its children included."""
    before, clock = os.times(), time.perf_counter()
    yield
    spent = sum(after - start for after, start in zip(os.times()[:4], before[:4], strict=True))
    passed = time.perf_counter() - clock
    sys.stdout.write(f"{what:<10}{spent:8.1f} s of processor {passed:8.1f} s of clock\n")


if __name__ == "__main__":
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "runs.csv"
        training_runs().to_csv(table, index=False)
        with timed("in all"):
            with timed("read"):
                given = read_given([str(table)])
            with timed("judge"):
                fitness(thin_curves(given.runs))
            with timed("report"):
                ran = report(find_sources(Path()), given, Path(folder) / "report", jobs=jobs)
        sys.stdout.write(f"{len(ran.results)} chapters, {len(ran.failures)} failed\n")
