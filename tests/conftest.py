"""Fixtures for all tests."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scaling_utils.errors import DatasetUnavailable

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def public_file():
    """A function that gives the file of a public dataset, or skips the test where it is not at hand.

    With SCALING_REQUIRE_PUBLIC_DATA=1 the test fails instead, so that continuous integration skips none.
    """
    from scaling_utils.runs.registry import dataset, locate

    def find(dataset_id):
        try:
            return locate(dataset_id, offline=True)
        except DatasetUnavailable as error:
            if dataset(dataset_id).pending:
                pytest.skip(str(error))
            if os.environ.get("SCALING_REQUIRE_PUBLIC_DATA") == "1":
                raise
            pytest.skip(f"needs a public file: {error}")

    return find


@pytest.fixture
def programs(tmp_path):
    """Starts programs whose output goes to files; all are ended."""
    started = []

    def start(name, *command, **environment):
        log = tmp_path / f"{name}.txt"
        with log.open("w") as stream:
            process = subprocess.Popen(
                command, stdout=stream, stderr=stream, cwd=tmp_path, env=os.environ | environment
            )
        started.append(process)
        return process, log

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_for(log, pattern, seconds=120):
    end = time.monotonic() + seconds
    while not (found := re.search(pattern, log.read_text())):
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)
    return found


@pytest.fixture
def scheduler(programs):
    """Address of a Dask scheduler."""
    module = ("-m", "distributed.cli.dask_scheduler")
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    _, log = programs("scheduler", sys.executable, *module, *options)
    return wait_for(log, r"(tcp://127\.0\.0\.1:\d+)")[1]


@pytest.fixture
def all_busy(scheduler):
    """Waits until every worker of the scheduler has work of a running command."""
    from distributed import Client

    def wait(command):
        with Client(scheduler, timeout=60) as client:
            end = time.monotonic() + 300
            while not all(client.processing().values()):
                assert command.poll() is None and time.monotonic() < end
                time.sleep(0.05)

    return wait


@pytest.fixture
def worker(programs, scheduler, tmp_path):
    """Starts a worker with one thread; the process."""

    def start(name, *command):
        command = command or ("-m", "distributed.cli.dask_worker")
        options = ("--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard")
        place = ("--local-directory", str(tmp_path / name), "--name", name)
        process, log = programs(name, sys.executable, *command, scheduler, *options, *place)
        wait_for(log, "Registered to")
        return process

    return start


class Handler(SimpleHTTPRequestHandler):
    """Serves files without a log; `policy` gives a page's content security policy from its text."""

    def __init__(self, *request, policy, **options):
        self.policy = policy
        super().__init__(*request, **options)

    def do_GET(self):
        if self.path == "/favicon.ico":  # browsers ask for it unbidden, of pages that name no icon
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
        else:
            super().do_GET()

    def end_headers(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if self.policy and path.suffix == ".html" and path.is_file():
            self.send_header("Content-Security-Policy", self.policy(path.read_text(encoding="utf-8")))
        super().end_headers()

    def log_message(self, *_):
        """Nothing: the output of the tests is theirs."""


@pytest.fixture(scope="session")
def served():
    """Serves a folder as long as a block lasts; gives its address."""

    @contextmanager
    def serve(folder, policy=None):
        handler = partial(Handler, directory=str(folder), policy=policy)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()

    return serve


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium: that of CHROMIUM, or the one on the path."""
    from playwright.sync_api import sync_playwright

    names = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else BROWSERS
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("there is no browser; install Debian's package chromium, or name one in CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield launched
        launched.close()
