"""One notebook in a process of its own: what is tried again, and what is said of a failure."""

from __future__ import annotations

import errno

import nbformat
import pytest
from papermill.clientwrap import PapermillNotebookClient
from papermill.exceptions import PapermillExecutionError

from scaling_utils.book import worker
from scaling_utils.book.environment import write_kernel


def cell(number, status="pending", outputs=(), tags=(), started=None):
    return {
        "cell_type": "code",
        "execution_count": number,
        "metadata": {"tags": list(tags), "papermill": {"status": status, "start_time": started}},
        "outputs": list(outputs),
    }


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a job whose attempts end as told; the saved notebook holds the given cells."""

    def run(attempts, saved=()):
        output = tmp_path / "executed.ipynb"
        attempts = iter(attempts)

        def execute(job, kernel):
            output.write_text(nbformat.v4.writes(nbformat.from_dict({"cells": list(saved), "metadata": {}})))
            result = next(attempts)
            if isinstance(result, BaseException):
                raise result
            return {"cells": result}

        monkeypatch.setattr(worker, "_execute", execute)
        return worker.run({"output": str(output)})

    return run


def test_a_kernel_that_does_not_start_is_tried_once_more(run):
    assert run([RuntimeError("Kernel died"), [cell(1)]], saved=[cell(None)]) is None
    trouble = run([RuntimeError("Kernel died"), RuntimeError("Kernel died again")], saved=[cell(None)])
    assert trouble == {"error": "RuntimeError", "message": "Kernel died again"}


def test_a_kernel_that_dies_in_a_cell_is_not_tried_again(run):
    saved = [cell(1, "completed", started="t"), cell(2, "running", started="t"), cell(None)]
    trouble = run([RuntimeError("Kernel died"), [cell(1)]], saved=saved)
    assert trouble == {"error": "RuntimeError", "message": "Kernel died", "cell": 2, "count": 2}


def test_a_full_disk_is_told_apart(run):
    full = OSError(errno.ENOSPC, "No space left on device")
    assert run([full, full])["error"] == "disk full"


def test_added_cells_are_not_counted(run):
    error = {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": []}
    cells = [cell(1), cell(2, tags=["injected-parameters"]), cell(3, outputs=[error])]
    assert run([cells]) == {"error": "ValueError", "message": "bad", "cell": 2, "count": 3}


def test_standard_error_is_trouble_and_standard_output_is_not(run):
    out = {"output_type": "stream", "name": "stdout", "text": "fine"}
    err = {"output_type": "stream", "name": "stderr", "text": "UserWarning: look out\n"}
    assert run([[cell(1, outputs=[out])]]) is None
    trouble = run([[cell(1, outputs=[out]), cell(2, outputs=[out, err])]])
    assert (trouble["error"], trouble["cell"]) == ("output on stderr", 2)


@pytest.mark.parametrize("warned_in", [1, 2])
def test_an_error_goes_before_a_warning(run, warned_in):
    warning = {"output_type": "stream", "name": "stderr", "text": "UserWarning: look out\n"}
    error = {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": []}
    outputs = {1: [], 2: [error]}
    outputs[warned_in].insert(0, warning)
    stopped = PapermillExecutionError(2, 2, "", "ValueError", "bad", [])
    trouble = run([stopped], saved=[cell(1, outputs=outputs[1]), cell(2, outputs=outputs[2])])
    assert trouble == {"error": "ValueError", "message": "bad", "cell": 2, "count": 2}


def test_a_busy_machine_may_be_late_with_the_output_of_a_cell(toy, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(PapermillNotebookClient, "execute", lambda client: waits.append(client.iopub_timeout))
    output = tmp_path / "executed.ipynb"
    job = {"source": str(toy.path), "output": str(output), "parameters": {}, "folder": str(tmp_path)}
    write_kernel(toy.project)
    monkeypatch.setenv("JUPYTER_PATH", str(toy.project.home / "jupyter" / "share"))
    assert worker.run(job) is None
    assert waits == [worker.LAST_OUTPUT]
