"""The verdicts of `fitness` are those of the notebooks themselves."""

import contextlib
import io
import json
import warnings
from dataclasses import replace
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from scaling_utils import load
from scaling_utils.allocation.sweep_next import design_next_runs
from scaling_utils.conventions import Conventions
from scaling_utils.errors import ScalingError
from scaling_utils.fitting.envelope import simulate_runs
from scaling_utils.fitting.fitness import fitness, verdict_on
from scaling_utils.fitting.parametric import fit_parametric
from scaling_utils.fitting.suspicions import suspicions
from scaling_utils.laws import HoffmannLaw, published_law
from scaling_utils.runs.registry import SNAPSHOT
from scaling_utils.runs.snapshot import write_snapshot
from scaling_utils.runs.table import RunTable

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SURFACE = HoffmannLaw(**published_law("besiroglu2024").values)
FEW = {"resamples": 40, "resamples_other": 20, "redraws": 10}


def curves(sizes=(1e7, 1e9, 8), **columns):
    """Training curves with steps, on a known surface."""
    made = simulate_runs(SURFACE, noise=0.002, seed=1, sizes=sizes, flops=(1e17, 1e20))
    frame = made.frame.assign(step=(made.frame["tokens"] / 2**18).round(), **columns)
    kept = ~frame.duplicated(["run_id", "step"])
    return RunTable.from_frame(frame[kept].reset_index(drop=True), source="curves.csv")


def slices(budgets=4, sizes=7, *, seed=0, **columns):
    """IsoFLOP runs on a known surface."""
    rng = np.random.default_rng(seed)
    rows = []
    for budget in np.geomspace(1e18, 1e20, budgets):
        for params in SURFACE.params_opt(budget) * np.geomspace(0.3, 3, sizes):
            tokens = budget / (6 * params)
            loss = float(SURFACE.loss(params, tokens)) * np.exp(0.001 * rng.standard_normal())
            rows.append({"params": params, "tokens": tokens, "loss": loss, "budget": budget})
    return RunTable.from_frame(pd.DataFrame(rows).assign(**columns), source="slices.csv")


def two_protocols():
    both = [slices(seed=seed).frame.assign(variant=name) for seed, name in enumerate(("warm", "cold"))]
    frame = pd.concat(both, ignore_index=True).drop(columns="run_id")
    return RunTable.from_frame(frame, source="protocols.csv")


def two_methods():
    moba = load("lu2025-moba")
    names = {"full": "dense", "moba": "strided"}
    return RunTable.from_frame(
        moba.frame.assign(attention=moba.frame["attention"].map(names)), source="m.csv"
    )


def two_methods_by_number():
    """Places and methods named by numbers, as a CSV of numbers is read."""
    frame = two_methods().frame
    numbers = frame["panel"].map({name: number for number, name in enumerate(frame["panel"].unique())})
    methods = frame["attention"].map({"dense": 0, "strided": 1})
    return RunTable.from_frame(frame.assign(panel=numbers, attention=methods), source="n.csv")


def without_flops():
    """A surface whose FLOPs are neither given nor to be derived."""
    frame = slices().frame.drop(columns=["flops", "budget"])
    return RunTable.from_frame(frame, conventions=Conventions("reported"), source="counts.csv")


def per_byte(runs):
    """The same runs of a model over bytes."""
    return replace(runs, conventions=replace(runs.conventions, loss_unit="nats/byte"))


def two_protocols_of_four_sizes():
    both = [slices(sizes=4, seed=seed).frame.assign(variant=name) for seed, name in enumerate("ab")]
    frame = pd.concat(both, ignore_index=True).drop(columns="run_id")
    return RunTable.from_frame(frame, source="four.csv")


TABLES = {
    "curves": (curves, "01 02 04 05 08"),
    "slices": (slices, "03 04 08 09"),
    "slices of three sizes": (lambda: slices(sizes=3), "04 08 09"),
    "two protocols": (two_protocols, "03 04 07 08 09"),
    "two methods": (two_methods, "02 05 06 08"),
    "methods by number": (two_methods_by_number, "02 05 06 08"),
    "without flops": (without_flops, "04 08 09"),
    "four sizes": (two_protocols_of_four_sizes, "03 04 07 08 09"),
    "curves of losses per byte": (lambda: per_byte(curves()), "01 02 04 05 08"),
    "protocols of losses per byte": (lambda: per_byte(two_protocols()), "03 04 07 08 09"),
    "one size": (lambda: curves((1e8, 1e8, 1)), ""),
    "three runs": (lambda: slices(budgets=1, sizes=3), ""),
}


@pytest.mark.parametrize("name", TABLES)
def test_which_notebooks_a_table_serves(name):
    make, expected = TABLES[name]
    verdicts = fitness(make())
    assert [v.notebook for v in verdicts] == sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    assert [v.notebook[:2] for v in verdicts if v.serves] == expected.split()
    assert all(v.why and v.needs and bool(v.parameters) == v.serves for v in verdicts)


@pytest.mark.parametrize(("make", "notebooks"), [(curves, ("02", "04")), (slices, ("03", "04"))])
def test_projections_are_an_order_above_the_runs(make, notebooks):
    runs = make()
    parameters = {v.notebook[:2]: v.parameters for v in fitness(runs)}
    for notebook in notebooks:
        assert parameters[notebook]["project_to"] == pytest.approx(10 * runs.frame["flops"].max(), rel=0.05)


def run_notebook(verdict, runs, tmp_path):
    """The code of a notebook with the parameters of a verdict, in this process."""
    path = tmp_path / f"mine{SNAPSHOT}"
    write_snapshot(runs, path)
    cells = json.loads((NOTEBOOKS / f"{verdict.notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names: dict[str, object] = {}
    exec(code[0], names)
    unknown = verdict.parameters.keys() - names.keys()
    assert not unknown
    few = {name: value for name, value in FEW.items() if name in names}
    types = {name: type(names[name]) for name in verdict.parameters}
    assert types == {name: type(value) for name, value in verdict.parameters.items()}
    names |= {**verdict.parameters, **few, "dataset": str(path)}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for cell in code[1:]:
            exec(cell, names)
    plt.close("all")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, (_, served) in TABLES.items() if served])
def test_the_notebooks_run_where_the_verdict_is_that_they_do(name, tmp_path, monkeypatch):
    matplotlib.use("Agg")
    runs = TABLES[name][0]()
    for verdict in fitness(runs):
        if verdict.serves:
            run_notebook(verdict, runs, tmp_path)


def test_a_pair_has_names_that_no_other_size_shares():
    runs = curves()
    frame = runs.frame.assign(run_id=["run-" + name for name in runs.frame["run_id"]])
    pair = fitness(RunTable.from_frame(frame, source="named.csv"))[4]
    larger, smaller = (
        frame[frame["run_id"].str.startswith(str(pair.parameters[s]))] for s in ("larger", "smaller")
    )
    assert larger["params"].nunique() == smaller["params"].nunique() == 1
    assert 1.5 < larger["params"].iloc[0] / smaller["params"].iloc[0] < 3


def test_batch_and_warm_up_come_from_the_steps():
    runs = curves()
    parameters = fitness(runs)[0].parameters
    assert parameters["batch"] == pytest.approx(2**18, rel=0.01)
    longest = runs.frame.groupby("run_id")["step"].max().median()
    assert 0 < float(parameters["warmup"]) < 0.05 * longest


def test_a_loss_in_bits_per_byte_is_fitted_without_a_critical_batch_size():
    runs = curves()
    in_bits = replace(runs, conventions=replace(runs.conventions, loss_unit="bits/byte"))
    verdict, _, _, surface, *_ = fitness(in_bits)
    assert surface.parameters["published"] == "" != fitness(runs)[3].parameters["published"]
    assert verdict.serves and verdict.parameters["critical_batch"] is False
    assert "critical_batch" not in fitness(runs)[0].parameters
    with pytest.raises(ScalingError):
        from scaling_utils.fitting.kaplan import fit_kaplan

        fit_kaplan(in_bits)


def constant_ratio():
    """Curves that all end at 150 tokens per parameter, so that the last points leave a term free."""
    noise = np.exp(0.002 * np.random.default_rng(5).standard_normal(6))
    rows = [
        {"run_id": f"{n:.2e}", "params": n, "tokens": d, "loss": float(SURFACE.loss(n, d)) * factor}
        for n, factor in zip(np.geomspace(1e7, 3e8, 6), noise, strict=True)
        for d in np.geomspace(3, 150, 40) * n
    ]
    return RunTable.from_frame(pd.DataFrame(rows), source="ratio.csv")


def one_loss():
    return RunTable.from_frame(slices().frame.assign(loss=3.0).drop(columns="run_id"), source="one.csv")


def test_a_plan_is_by_a_method_whose_fit_is_determined():
    runs = constant_ratio()
    surface, plan = verdict_on("04-parametric-loss", runs), verdict_on("08-plan-your-run", runs)
    assert not surface.serves and "bound hit" in surface.why
    assert plan.serves and plan.parameters["method"] == "approach1"
    assert not verdict_on("08-plan-your-run", one_loss()).serves


def ends_at_one_ratio():
    """Six sizes, nearly all trained on a hundred tokens per parameter: few resamples have a surface."""
    rng = np.random.default_rng(7)
    params = np.array([1e7, 2.2e7, 5e7, 1.1e8, 2.4e8, 5.2e8])
    tokens = params * [100, 100, 100, 100, 30, 30]
    loss = HoffmannLaw(1.8, 700.0, 1200.0, 0.34, 0.32).loss(params, tokens)
    frame = pd.DataFrame({"params": params, "tokens": tokens, "loss": loss * np.exp(rng.normal(0, 0.003, 6))})
    return RunTable.from_frame(frame, source="ratio.csv")


def test_no_sweep_is_proposed_by_a_surface_that_most_resamples_lack():
    runs = ends_at_one_ratio()
    assert fit_parametric(runs, resamples=0).converged
    for notebook in ("04-parametric-loss", "09-design-a-sweep"):
        verdict = verdict_on(notebook, runs)
        assert not verdict.serves and "most bootstrap resamples" in verdict.why


def test_a_sweep_is_simulated_with_the_noise_of_the_runs():
    runs = slices(budgets=6, sizes=9)
    stated = verdict_on("09-design-a-sweep", runs).parameters["noise"]
    assert stated == pytest.approx(design_next_runs(runs, flops=1e20, simulations=2).noise, rel=0.2)
    assert stated == pytest.approx(0.001 * runs.frame["loss"].median(), rel=0.5)


def test_protocols_are_interpolated_with_the_noise_of_the_runs():
    runs = two_protocols()
    noise = verdict_on("07-why-kaplan-and-chinchilla-differ", runs).parameters["noise"]
    assert noise == pytest.approx(0.001 * runs.frame["loss"].median(), rel=0.5)


def test_one_loss_for_all_runs_is_asked_about():
    assert any("--map loss=COLUMN" in str(found) for found in suspicions(one_loss()))
    assert not any("--map loss=COLUMN" in str(found) for found in suspicions(slices()))


def test_a_run_far_above_a_smaller_one_is_asked_about():
    frame = slices().frame.drop(columns="budget", errors="ignore")
    worst = frame["flops"].idxmax()
    diverged = frame.assign(loss=frame["loss"].mask(frame.index == worst, 9.87))
    (found,) = suspicions(RunTable.from_frame(diverged, source="diverged"))
    assert "diverged, or" in found.what and found.mend == f"--exclude {frame['run_id'][worst]}"
    # Losses of other places in the context are not losses of the same thing.
    panels = [frame.assign(panel=times, loss=frame["loss"] * times) for times in (1.0, 1.4)]
    apart = pd.concat(panels, ignore_index=True).assign(run_id=lambda both: both.index.astype(str))
    assert suspicions(RunTable.from_frame(apart, source="panels")) == ()


def test_a_verdict_on_one_notebook_is_that_among_all_of_them():
    runs = slices()
    for verdict in fitness(runs):
        assert verdict_on(verdict.notebook, runs) == verdict
    assert verdict_on("another", runs) is None
