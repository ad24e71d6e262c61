"""Whatever stops a build: the published site is the old or the new one, whole; the next build succeeds."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from scaling_utils.errors import BuildError

pytestmark = pytest.mark.slow
BUILD = [sys.executable, "-c", "from scaling_utils.cli import main; main()", "build", "--jobs", "2"]
KILLS = 25


def start(root, *, prefix=()):
    return subprocess.Popen(
        [*prefix, *BUILD, "--project", str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def edition_shown(toy):
    """Which edition the site shows; fails if its pages are of two, or any is missing."""
    index = (toy.project.html / "book/index.html").read_text()
    things = (toy.project.html / "notebooks/01-count-things/small.html").read_text()
    found = {text.partition("Edition ")[2].partition(".")[0] for text in (index, things)}
    assert len(found) == 1, f"pages of two editions are mixed: {found}"
    return found.pop()


def write_edition(toy, name):
    toy.project.pages.joinpath("index.md").write_text(f"# A toy book\n\nEdition {name}.\n")
    toy.write([toy.markdown(f"# Things?\n\nEdition {name}."), toy.code("n_things = 1", "parameters")])


def test_killed_at_random_moments(built):
    write_edition(built, "zero")
    begun = time.monotonic()
    built.build()
    whole = time.monotonic() - begun
    sites = {"zero": built.site()}
    moments = random.Random(20).choices(range(1000), k=KILLS)
    seen = set()
    for number, moment in enumerate(sorted(moments)):
        before = edition_shown(built)
        name = f"number-{number}"
        write_edition(built, name)
        running = start(built.project.root)
        try:
            running.communicate(timeout=1.3 * whole * moment / 1000)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)  # at once, with its workers: a machine that loses power
            running.communicate()
        shown = edition_shown(built)
        assert shown in (before, name)
        if shown == before:
            assert built.site() == sites[before]
        seen.add(shown == name)
        sites[shown] = built.site()
    assert False in seen, "no build was killed in time"
    write_edition(built, "last")
    built.build()
    assert edition_shown(built) == "last"
    assert built.leftovers() == []
    assert len(list(built.project.executed.rglob("*.ipynb"))) == 2, "results that nothing uses are removed"


def test_many_builds_at_once(built):
    write_edition(built, "next")
    running = [start(built.project.root) for _ in range(4)]
    stop = threading.Event()
    seen = []

    def watch():
        while not stop.is_set():
            seen.append((built.project.html / "book/index.html").read_text())
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    told = [process.communicate()[0] for process in running]
    stop.set()
    watcher.join()
    codes = sorted(process.returncode for process in running)
    assert codes[0] == 0
    assert all(code in (0, 2) for code in codes)
    for process, text in zip(running, told, strict=True):
        if process.returncode == 2:
            assert "another build of this book is running" in text
    assert all("</html>" in text for text in seen), "a reader met a torn page"
    assert edition_shown(built) == "next"
    assert built.leftovers() == []


@pytest.fixture
def bound_by_permissions():
    """What a command starts with so that permissions hold for it, even where the tests run as root."""
    if os.geteuid() != 0:
        return []
    prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if not shutil.which("setpriv") or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip("root may read everything here, and setpriv cannot change that")
    return prefix


@pytest.mark.parametrize("name", ["book/index.md", "notebooks/01-count-things.ipynb", "_config.yml"])
def test_a_file_that_may_not_be_read(built, bound_by_permissions, name):
    before = built.site()
    write_edition(built, "next")
    path = built.project.root / name
    path.chmod(0)
    running = start(built.project.root, prefix=bound_by_permissions)
    told, _ = running.communicate()
    assert running.returncode in (1, 2), told
    assert "no access to" in told and path.name in told
    assert "Traceback" not in told
    assert built.site() == before
    assert built.leftovers() == []
    path.chmod(0o644)
    built.build()
    assert edition_shown(built) == "next"


def test_a_worker_that_ends_at_once(built, monkeypatch):
    before = built.site()
    built.edit("notebooks/01-count-things.ipynb", "How many", "How few")
    with monkeypatch.context() as patch:
        patch.setattr("scaling_utils.book.workers.sys.executable", shutil.which("false"))
        with pytest.raises(BuildError, match="scenario small: the worker ended with code 1"):
            built.build()
    assert built.site() == before
    assert built.leftovers() == []


def test_a_kernel_that_is_killed_from_outside(built):
    before = built.site()
    marker = built.project.root / "pid"
    built.add(
        built.code(
            "import os, time\n"
            "if n_things == 3:\n"
            f"    open({str(marker)!r}, 'w').write(str(os.getpid()) + '.')\n"
            "    time.sleep(120)"
        )
    )
    running = start(built.project.root)
    end = time.monotonic() + 120
    while not (marker.exists() and marker.read_text().endswith(".")):
        assert time.monotonic() < end, "the kernel did not start"
        time.sleep(0.05)
    os.kill(int(marker.read_text()[:-1]), signal.SIGKILL)
    told, _ = running.communicate(timeout=120)
    assert running.returncode == 1
    assert "notebook 01-count-things, scenario small, cell 6" in told and "DeadKernelError" in told
    assert built.site() == before
    assert built.leftovers() == []
