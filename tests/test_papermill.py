"""Every notebook by papermill alone, from another folder: on a dataset, and on a CSV of one's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from scaling_utils import load
from scaling_utils.allocation import recipes
from scaling_utils.book.generated import published_results
from scaling_utils.book.scenarios import own_parameters
from scaling_utils.book.worker import find_trouble
from scaling_utils.conventions import PF_DAY
from scaling_utils.fitting.envelope.simulated import simulate_runs
from scaling_utils.fitting.kaplan.simulated import simulate_curves
from scaling_utils.laws import HoffmannLaw, KaplanLaw, published_law
from scaling_utils.runs.registry import datasets

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
SCENARIOS = yaml.safe_load((NOTEBOOKS / "scenarios.yml").read_text(encoding="utf-8"))
QUICK = {"resamples": 40, "resamples_other": 40, "redraws": 40, "simulations": 20}

pytestmark = pytest.mark.slow


def kaplan_curves():
    law = KaplanLaw(**published_law("kaplan2020-ns").values)
    return simulate_curves(law, noise=0.005, seed=1).frame


def hoffmann_curves():
    law = HoffmannLaw(**published_law("hoffmann2022-unrounded").values)
    return simulate_runs(law, noise=0.002, seed=1).frame


def final_losses():
    return load("hoffmann2022-fig4").frame


def pair_of_curves():
    law = published_law("hoffmann2022-unrounded")
    return recipes.predicted_curves(law, {"big": 3e9, "small": 1e9}, 1e20).frame


def curves_with_two_attentions():
    rng = np.random.default_rng(1)
    rows = [
        {"run": f"{attention}-{size:.0e}", "params": size, "tokens": tokens}
        | {"panel": "all", "attention": attention}
        | {"loss": scale * (6 * size * tokens / PF_DAY) ** -0.07 * np.exp(rng.normal(0, 1e-3))}
        for attention, scale in (("moba", 2.63), ("full", 2.62))
        for size in np.geomspace(4e8, 2e9, 5)
        for tokens in np.geomspace(1e9, 3e10, 40)
    ]
    return pd.DataFrame(rows)


def protocols():
    frame = final_losses()
    shifted = frame.assign(loss=frame["loss"] + 0.01, run_id="again/" + frame["run_id"].astype(str))
    return pd.concat([frame.assign(variant="first"), shifted.assign(variant="second")])


OWN_RUNS = {
    "01-kaplan-compute-and-steps": kaplan_curves,
    "02-training-curve-envelope": hoffmann_curves,
    "03-isoflop-profiles": final_losses,
    "04-parametric-loss": final_losses,
    "05-kaplan-vs-approach-1": pair_of_curves,
    "06-block-sparse-vs-full-attention": curves_with_two_attentions,
    "07-why-kaplan-and-chinchilla-differ": protocols,
    "08-plan-your-run": final_losses,
    "09-design-a-sweep": final_losses,
}


def run(notebook, folder, parameters):
    """Run a notebook as a reader would, in the kernel that it names; what is wrong with the result."""
    path = NOTEBOOKS / f"{notebook}.ipynb"
    quick = {name: value for name, value in QUICK.items() if name in own_parameters(path)}
    chosen = parameters | quick
    options = [part for name, value in chosen.items() for part in ("-p", name, str(value))]
    command = [sys.executable, "-m", "papermill", str(path), "out.ipynb", "--no-progress-bar", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return find_trouble(json.loads((folder / "out.ipynb").read_text(encoding="utf-8")))


def test_there_are_runs_for_every_notebook():
    assert sorted(OWN_RUNS) == sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize("notebook", OWN_RUNS)
def test_on_a_csv_in_the_folder(notebook, tmp_path):
    OWN_RUNS[notebook]().to_csv(tmp_path / "my_runs.csv", index=False)
    assert run(notebook, tmp_path, {"dataset": "my_runs.csv"}) is None


def test_a_pair_with_seeds(tmp_path):
    runs = pair_of_curves()
    rng = np.random.default_rng(1)
    seeds = [
        part.assign(run_id=f"{run}-{seed}", seed=seed, loss=part["loss"] + 0.01 * rng.normal())
        for run, part in runs.groupby("run_id")
        for seed in range(4)
    ]
    pd.concat(seeds).to_csv(tmp_path / "seeds.csv", index=False)
    assert run("05-kaplan-vs-approach-1", tmp_path, {"dataset": "seeds.csv", "published_gaps": ""}) is None
    found = published_results(json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8")))
    assert found["spread_from"] == "seeds" and 0 < found["spread"] < 0.02
    assert "4 runs of each" in found["judged"] and "Published laws expect" in found["judged"]


def test_a_pair_of_bytes_gets_no_published_expectation(tmp_path):
    named = {side: f"prose-isoflop-3e12-{shape}" for side, shape in (("larger", "d080"), ("smaller", "d040"))}
    assert run("05-kaplan-vs-approach-1", tmp_path, {"dataset": "ladder-prose-curves", **named}) is None
    found = published_results(json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8")))
    assert found["gap"]["unit"] == "nats/byte" and found["spread_from"] == "seeds"
    assert {"gap_least", "gap_tex", "size_kaplan"}.isdisjoint(found)
    assert "Published laws" not in found["judged"]


def scenario(entry):
    used = [v for k, v in entry.get("parameters", {}).items() if k.startswith("dataset") and v]
    public = any(not datasets()[name].path for name in used)
    marks = [pytest.mark.public_data] if public else []
    return pytest.param(entry, id=f"{entry['notebook']}/{entry['name']}", marks=marks)


@pytest.mark.parametrize("entry", [scenario(e) for e in SCENARIOS if "dataset" in e.get("parameters", {})])
def test_on_a_dataset(entry, tmp_path, public_file):
    for name, value in entry["parameters"].items():
        if name.startswith("dataset") and value:
            public_file(value)
    assert run(entry["notebook"], tmp_path, entry["parameters"]) is None
