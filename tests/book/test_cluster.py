"""Notebooks and bootstraps on a Dask cluster: a real scheduler with workers over TCP on this machine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time

import pytest

from scaling_utils.book import cluster as cluster_module
from scaling_utils.book.cluster import ClusterError, cluster, fingerprint
from scaling_utils.errors import BuildError

pytestmark = pytest.mark.slow

CLI = [sys.executable, "-c", "from scaling_utils.cli import main; main()"]
WITH_OTHER_VERSIONS = """\
from scaling_utils.book import cluster
cluster.version = lambda name: "0.1"
from distributed.cli.dask_worker import main
main()
"""
WITHOUT_THE_LIBRARY = """\
import sys
sys.modules["scaling_utils"] = None
from distributed.cli.dask_worker import main
main()
"""


def test_a_build_on_two_workers_of_which_one_is_killed(make_toy, scheduler, worker, tmp_path):
    here = make_toy("here")
    marker = tmp_path / "marker"
    marker.mkdir()
    # each notebook runs long enough to be interrupted, the first time that it runs
    code = (
        "import os, time, pathlib\n"
        f"begun = pathlib.Path({str(marker)!r}) / label\n"
        "fresh = not begun.exists()\n"
        "begun.write_text(str(os.getppid()))\n"
        "time.sleep(20 * fresh)"
    )
    toys = [here, make_toy("there")]
    for toy in toys:
        toy.edit("notebooks/scenarios.yml", "{n_things: 3}", "{n_things: 3, label: small}")
        toy.edit("notebooks/scenarios.yml", "{n_things: 30}", "{n_things: 30, label: large}")
        toy.add(toy.code(code))
    for label in ("small", "large"):
        (marker / label).touch()
    here.build()
    for label in ("small", "large"):
        (marker / label).unlink()

    first, second = worker("first"), worker("second")
    command = [*CLI, "build", "--project", str(toys[1].project.root), "--scheduler", scheduler]
    building = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 300
    while len(list(marker.iterdir())) < 2:
        assert time.monotonic() < end
        assert building.poll() is None, building.communicate()
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    told, complaints = building.communicate(timeout=300)
    assert building.returncode == 0, complaints
    assert told.startswith("executed 2 of 2")
    assert complaints == ""
    assert second.poll() is None
    assert toys[1].site() == here.site()
    assert toys[1].leftovers() == []


def test_a_failing_notebook_is_told_as_from_here(toy, scheduler, worker):
    worker("only")
    toy.add(toy.code("raise ValueError('too many')"))
    with pytest.raises(BuildError, match=r"scenario small, cell 6 \(In \[\d\]\): ValueError: too many"):
        toy.build(scheduler=scheduler)
    kept = toy.project.failed / "01-count-things-small.ipynb"
    assert "too many" in kept.read_text()


def test_notebooks_travel_with_their_data(toy, scheduler, worker, monkeypatch, public_file):
    public_file("gemstone")
    worker("only")
    more_than_dask_likes_to_send = "".join(f"1e8,{2e9 + tokens},3.1\n" for tokens in range(600_000))
    (toy.project.root / "mine.csv").write_text(f"params,tokens,loss\n{more_than_dask_likes_to_send}")
    toy.edit("notebooks/scenarios.yml", "{n_things: 3}", "{n_things: 3, dataset: mine.csv}")
    toy.edit("notebooks/scenarios.yml", "{n_things: 30}", "{n_things: 30, dataset: gemstone}")
    toy.write(
        [
            toy.markdown("(count)=\n# How many?\n\n$$ L = E $$ (law)"),
            toy.code("n_things = 1\ndataset = ''", "parameters"),
            toy.code("from scaling_utils import load\nprint(load(dataset).sha256)"),
        ]
    )
    toy.edit("book/index.md", "{numref}`fig-things-small`", "a figure")
    assert toy.build(scheduler=scheduler)[0].startswith("executed 2 of 2")


def test_a_bootstrap_gives_the_same_numbers_anywhere(scheduler, worker, all_busy):
    fit = [*CLI, "fit", "hoffmann2022-fig4", "--method", "approach3", "--bootstrap", "20000", "--json"]
    here = subprocess.run(fit, capture_output=True, text=True, check=True)
    first, _ = worker("first"), worker("second")
    running = subprocess.Popen(
        [*fit, "--scheduler", scheduler], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    all_busy(running)
    first.send_signal(signal.SIGKILL)
    there, complaints = running.communicate(timeout=300)
    assert running.returncode == 0, complaints
    assert json.loads(there) == json.loads(here.stdout)


def test_no_scheduler_is_one_clear_error(toy):
    command = [*CLI, "build", "--project", str(toy.project.root), "--scheduler", "tcp://127.0.0.1:1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no Dask scheduler answers at tcp://127.0.0.1:1 (")
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 1
    assert toy.leftovers() == []


@pytest.mark.parametrize("address", ["nonsense", "foo://127.0.0.1:1", "tcp://127.0.0.1:port", ""])
def test_an_address_that_is_none(address):
    with pytest.raises(ClusterError, match="no Dask scheduler answers at"), cluster(address):
        pass
    # what is left of the connection would be closed by the garbage collector, at a time that no one chose
    assert "IO loop" not in {thread.name for thread in threading.enumerate()}


def test_unfit_workers_are_refused(scheduler, worker, monkeypatch):
    monkeypatch.setattr(cluster_module, "SECONDS", 2)
    with pytest.raises(ClusterError, match=r"has no workers\. Start some with"), cluster(scheduler):
        pass
    worker("fit")
    with cluster(scheduler) as client:
        assert set(map(str, client.run(fingerprint).values())) == {str(fingerprint())}
    worker("other", "-c", WITH_OTHER_VERSIONS)
    complaint = r"the worker tcp://\S+ has numpy 0\.1 instead of \d\S+, scipy 0\.1 instead of "
    with pytest.raises(ClusterError, match=complaint), cluster(scheduler):
        pass


def test_a_worker_without_the_library_is_named(scheduler, worker):
    worker("bare", "-c", WITHOUT_THE_LIBRARY)
    with (
        pytest.raises(ClusterError, match=r"the worker tcp://\S+ cannot use this library \(.*scaling_utils"),
        cluster(scheduler),
    ):
        pass
