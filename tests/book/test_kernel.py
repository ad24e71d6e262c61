"""Kernels forked from a process that has imported everything, and the worker processes they come from."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest

from scaling_utils.book.cells import as_text
from scaling_utils.book.environment import prepared_environment
from scaling_utils.book.kernel import KernelInWaiting
from scaling_utils.book.worker import import_quietly
from scaling_utils.book.workers import LIBRARY, NOT_BEFORE_THE_KERNEL, RUNNER, Job, LocalWorkers, modules_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
# Python 3.12 warns of the threads that pytest-xdist has; the worker has none when it forks
forking = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@linux
@forking
def test_a_kernel_that_is_not_needed_ends_with_its_maker():
    kernel = KernelInWaiting()
    assert kernel.poll() is None
    os.close(kernel._tell)
    assert kernel.wait() == kernel.poll() == 0
    kernel.terminate()  # of one that has ended: nothing happens


@linux
@forking
def test_a_kernel_in_waiting_can_be_killed():
    kernel = KernelInWaiting()
    kernel.kill()
    assert kernel.wait() == -signal.SIGKILL


def test_what_is_imported_first_follows_from_the_notebooks(toy):
    assert modules_of([toy.path]) == RUNNER
    toy.add(
        toy.code("%matplotlib inline"),
        toy.code(
            "import pandas\nfrom scaling_utils.notebook import show\nfrom scaling_utils.laws import KaplanLaw"
        ),
    )
    assert modules_of([toy.path]) == (*RUNNER, *LIBRARY, "scaling_utils.laws")
    assert not set(NOT_BEFORE_THE_KERNEL) & set(modules_of([toy.path]))


def test_a_module_that_warns_is_not_imported_in_silence(tmp_path, monkeypatch):
    (tmp_path / "loud_module.py").write_text("import sys; print('beware', file=sys.stderr)")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportWarning, match="on importing loud_module: beware"):
        import_quietly(["loud_module"])


@pytest.fixture
def workers(toy):
    """Makes workers that import what they are told; stopped at the end."""
    made = []

    def make(*modules):
        toy.project.work.mkdir(parents=True, exist_ok=True)
        made.append(LocalWorkers(prepared_environment(toy.project), modules, toy.project.work))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def run(workers, toy, *cells, name="one"):
    toy.write([toy.code(source) for source in cells])
    folder = toy.project.work / name
    folder.mkdir(parents=True)
    job = Job(toy.path, {}, home=toy.project.root, folder=folder)
    trouble = workers.run(job)
    outputs = json.loads(job.output.read_text())["cells"] if job.output.is_file() else []
    return trouble, "".join(as_text(o.get("text", "")) for c in outputs for o in c.get("outputs", []))


@pytest.mark.slow
def test_each_notebook_starts_afresh_though_the_worker_is_the_same(toy, workers):
    one = workers(*RUNNER)
    code = "import json, os; json.mark = getattr(json, 'mark', 0) + 1\nprint(json.mark, os.getppid() > 1)"
    assert run(one, toy, code, name="first") == run(one, toy, code, name="second") == (None, "1 True\n")
    assert len(one._all) == 1
    assert run(one, toy, "raise ValueError", name="third")[0]["error"] == "ValueError"
    assert run(one, toy, code, name="fourth") == (None, "1 True\n")


@pytest.mark.slow
def test_threads_of_compiled_packages_survive_the_fork(toy, workers):
    code = (
        "import io, polars, numpy as np\n"
        "csv = io.BytesIO(b'a,b\\n' + b'1,2\\n' * 10_000)\n"
        "print(polars.scan_csv(csv).group_by('a').agg(polars.col('b').sum()).collect().rows())\n"
        "print(np.linalg.solve(np.eye(300) * 2, np.ones(300)).sum())"
    )
    assert run(workers(*RUNNER, *LIBRARY), toy, code) == (None, "[(1, 20000)]\n150.0\n")


@pytest.mark.slow
def test_a_worker_that_cannot_start_says_why(toy, workers):
    trouble, _ = run(workers("no_such_module"), toy, "1")
    assert trouble["error"] == "the worker ended with code 1"
    assert "No module named 'no_such_module'" in trouble["message"]


@pytest.mark.slow
def test_nothing_runs_once_the_workers_were_stopped(toy, workers):
    one = workers(*RUNNER)
    one.stop()
    assert run(one, toy, "1")[0]["error"].startswith("the worker ended")
