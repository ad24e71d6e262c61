"""The notebooks in JupyterLab, started in a folder of its own: every cell runs, and nothing complains."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
START, RUN = 120, 600
"""Seconds that the server, and a notebook, may take on a busy machine."""

RUN_ALL = """async () => {
  const { commands, shell } = window.jupyterapp;
  await shell.currentWidget.context.ready;
  await shell.currentWidget.sessionContext.ready;
  await commands.execute('notebook:run-all-cells');
  await commands.execute('docmanager:save');
}"""
READY = "() => window.jupyterapp?.shell.currentWidget?.context?.isReady"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Folder and address of a server with copies of the notebooks, at home in a folder with nothing else."""
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("JupyterLab is not installed; make .venv/.lab installs it as make lab does")
    home = tmp_path_factory.mktemp("home")
    folder = home / "some folder"
    shutil.copytree(ROOT / "notebooks", folder)
    own = {name: str(home) for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    log = (home / "log").open("wb")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0"]
    command += ["--allow-root", "--IdentityProvider.token=", "--expose-app-in-browser"]
    command += ["--LabApp.news_url=", "--LabApp.extension_manager=readonly", str(folder)]
    with log, subprocess.Popen(
        command, cwd=home, env={**os.environ, **own, "JUPYTER_RUNTIME_DIR": str(home / "runtime")},
        stdout=log, stderr=log,
    ) as server:  # fmt: skip
        try:
            yield folder, _address(home / "runtime", server)
        finally:
            server.terminate()


def _address(runtime, server):
    until = time.monotonic() + START
    while time.monotonic() < until and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            address = json.loads(path.read_bytes())["url"]
            with suppress(URLError), urllib.request.urlopen(f"{address}api/status", timeout=START):
                return address  # the file is there a little before the server listens
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {(runtime.parent / 'log').read_text(errors='replace')[-2000:]}")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_whole(lab, browser, name):
    folder, address = lab
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        page.set_default_timeout(1000 * RUN)
        page.goto(f"{address}lab/tree/{name}?reset")
        page.wait_for_function(READY)
        page.evaluate(RUN_ALL)
        page.evaluate("() => window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    finally:
        context.close()
    notebook = json.loads((folder / name).read_bytes())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in cells)
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [out for out in outputs if out["output_type"] in ("error", "stream")] == []
    assert any("image/svg+xml" in out.get("data", {}) for out in outputs)
