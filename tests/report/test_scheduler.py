"""A report made on a Dask cluster: a real scheduler, and two workers over TCP."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scaling_utils.book.files import checksums

pytestmark = pytest.mark.slow

CLI = [sys.executable, "-c", "from scaling_utils.cli import main; main()"]


def everything(folder: Path) -> dict[str, str]:
    return checksums([path for path in folder.rglob("*") if path.is_file()], folder)


def test_a_report_on_two_workers_of_which_one_is_killed(runs_csv, tmp_path, scheduler, worker, all_busy):
    here, there = tmp_path / "here", tmp_path / "there"
    report = [*CLI, "report", str(runs_csv), "--out"]
    subprocess.run([*report, str(here)], capture_output=True, check=True)

    first, second = worker("first"), worker("second")
    running = subprocess.Popen(
        [*report, str(there), "--scheduler", scheduler],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    all_busy(running)
    first.send_signal(signal.SIGKILL)
    told, complaints = running.communicate(timeout=400)
    assert (running.returncode, complaints) == (0, "")
    assert "the report is ready" in told
    assert second.poll() is None
    assert everything(there) == everything(here)


def test_one_notebook_on_a_worker(runs_csv, tmp_path, scheduler, worker):
    worker("only")
    run = [*CLI, "run", "03", "--data", str(runs_csv), "-p", "resamples", "50", "--out"]
    for name, options in (("here", []), ("there", ["--scheduler", scheduler])):
        done = subprocess.run([*run, str(tmp_path / name), *options], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    assert everything(tmp_path / "there") == everything(tmp_path / "here")


def test_a_scheduler_that_is_not_there_leaves_nothing(runs_csv, tmp_path):
    command = [*CLI, "report", str(runs_csv), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, "--scheduler", "tcp://127.0.0.1:1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: no Dask scheduler answers at tcp://127.0.0.1:1 (")
    assert [path.name for path in tmp_path.iterdir()] == [runs_csv.name]
