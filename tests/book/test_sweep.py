"""The sweep of notebooks over sets of runs."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scaling_utils.book.sweep import collect
from scaling_utils.exchange import RESULTS_MIME
from scaling_utils.runs.registry import locate

ROOT = Path(__file__).parents[2]


def test_numbers_are_collected_by_notebook_and_runs(toy, tmp_path):
    cell = toy.code("1")
    cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {RESULTS_MIME: {"a": 0.5}}}]
    toy.write([cell])
    path = tmp_path / "03-isoflop-profiles" / "mine.ipynb"
    path.parent.mkdir()
    toy.path.rename(path)
    assert json.loads(collect([path])) == {"03-isoflop-profiles/mine": {"a": 0.5}}


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("snakemake") is None, reason="needs snakemake: pip install -e '.[sweep]'"
)
def test_a_sweep_is_taken_up_where_it_stopped(tmp_path):
    name = "my runs'.csv"
    (tmp_path / name).write_bytes(locate("hoffmann2022-fig4").read_bytes())
    config = {
        "runs": {"mine": name, "theirs": "hoffmann2022-fig4"},
        "notebooks": ["03-isoflop-profiles"],
        "parameters": {"03-isoflop-profiles": {"resamples": 40}},
    }
    (tmp_path / "sweep.yml").write_text(json.dumps(config))

    def sweep(*options):
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "workflow" / "Snakefile")]
        command += [*options, "--cores", "2", "--configfile", "sweep.yml"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stderr

    only = "sweep/03-isoflop-profiles/theirs.ipynb"
    sweep(only)
    first = (tmp_path / only).stat().st_mtime_ns
    sweep()
    assert (tmp_path / only).stat().st_mtime_ns == first
    results = json.loads((tmp_path / "sweep" / "results.json").read_text())
    mine, theirs = (results[f"03-isoflop-profiles/{runs}"] for runs in ("mine", "theirs"))
    assert mine["a"] == theirs["a"]
    assert "Nothing to be done" in sweep()
