"""A toy book built for real."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scaling_utils.book import build as build_module
from scaling_utils.book.anchors import ANCHORS
from scaling_utils.book.build import BuildRunning
from scaling_utils.claims import ledger
from scaling_utils.errors import BuildError, ParameterError

pytestmark = pytest.mark.slow
CLI = [sys.executable, "-c", "from scaling_utils.cli import main; main()"]


def page(toy, name):
    return (toy.project.html / f"{name}.html").read_text()


def start(toy, *options):
    command = [*CLI, "build", "--project", str(toy.project.root), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.05)


def alive(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_site_is_whole(built):
    small = page(built, "notebooks/01-count-things/small")
    assert "How many things? — A small count" in small
    assert 'id="law-small"' in small or "equation-law-small" in small
    assert 'id="fig-things-small"' in small
    assert "object at 0x0" in small
    assert "mathjax/startup.js" in small
    index = page(built, "book/index")
    assert re.search(r"Fig\. \d", index)
    assert "Som20" in index
    assert (built.project.html / "_static/mathjax/startup.js").is_file()
    claims = json.loads((built.project.html / "claims.json").read_text())["claims"]
    assert len(claims) == len(ledger({}))
    assert {claim["verdict"] for claim in claims} == {"cannot be tested"}
    assert built.leftovers() == []
    assert "url=book/index.html" in page(built, "index")
    for text in built.project.html.rglob("*.html"):
        assert str(built.project.root.parent) not in text.read_text()


def test_nothing_changed_then_one_page_then_one_notebook(built):
    before = built.site()
    assert built.build() == ["nothing changed: _build/html is up to date"]
    assert built.site() == before

    built.edit("book/index.md", "A toy book", "A better book")
    assert not any("executed" in line for line in built.build())
    assert "A better book" in page(built, "book/index")

    built.edit("notebooks/scenarios.yml", "{n_things: 3}", "{n_things: 4}")
    assert built.build()[0].startswith("executed 1 of 2 pages")

    victim = built.project.html / "notebooks/01-count-things/large.html"
    victim.unlink()
    built.build()
    assert victim.is_file()

    entry = next(built.project.executed.rglob("large.*.ipynb"))
    entry.write_text("{")
    assert built.build()[0].startswith("executed 1 of 2 pages")
    assert built.build() == ["nothing changed: _build/html is up to date"]
    assert built.leftovers() == []


def test_two_builds_in_two_folders_are_the_same_to_the_byte(built, make_toy):
    other = make_toy("another place")
    other.build(jobs=1)
    assert other.site() == built.site()


def test_a_failing_cell_is_named_and_the_site_stays(built):
    before = built.site()
    built.add(built.code("fine = 1"), built.code("x = 1\nif n_things > 5:\n    raise ValueError('too many')"))
    with pytest.raises(BuildError) as caught:
        built.build()
    message = str(caught.value)
    assert "notebook 01-count-things, scenario large, cell 7 (In [6]): ValueError: too many" in message
    assert "scenario small" not in message
    kept = built.project.failed / "01-count-things-large.ipynb"
    assert "_build/failed/01-count-things-large.ipynb" in message
    assert "too many" in json.dumps([cell.get("outputs") for cell in json.loads(kept.read_text())["cells"]])
    assert built.site() == before
    assert built.leftovers() == []
    built.add()
    built.build()
    assert not kept.exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import warnings; warnings.warn('look out')", r"cell 6 \(In \[\d\]\): output on stderr: .*look out"),
        ("import os; os._exit(3)", r"cell 6.*: DeadKernelError"),
        ("raise SystemExit", r"cell 6 \(In \[\d\]\): SystemExit"),
        ("x = (", r"cell 6 .*: SyntaxError"),
    ],
    ids=["warning", "dead kernel", "exit", "syntax"],
)
def test_other_ways_to_fail(toy, source, message):
    toy.add(toy.code(source))
    with pytest.raises(BuildError) as caught:
        toy.build()
    assert len(re.findall(message, str(caught.value))) == 2
    assert not toy.project.html.exists()


def test_the_users_own_settings_do_not_leak_in(toy, monkeypatch, tmp_path):
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "leak.py").write_text("leaked = True")
    (tmp_path / "kernels" / "python3").mkdir(parents=True)
    (tmp_path / "kernels" / "python3" / "kernel.json").write_text('{"argv": ["false"], "language": "python"}')
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(startup / "leak.py"))
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.chdir(tmp_path)
    toy.add(
        toy.code(
            "import os, sys\n"
            "assert 'leaked' not in globals()\n"
            f"assert sys.executable == {sys.executable!r}\n"
            "assert os.environ['OMP_NUM_THREADS'] == '1' and os.environ['PYTHONHASHSEED'] == '0'\n"
            f"assert os.getcwd() == {str(toy.project.root)!r}\n"
            "import matplotlib.pyplot"
        )
    )
    toy.build()


def test_a_warning_of_sphinx_fails_the_build(built):
    before = built.site()
    built.edit("book/index.md", "{ref}`count-small`", "{ref}`count-none`")
    with pytest.raises(BuildError, match=r"book/index\.md:\d+: WARNING: .*count-none"):
        built.build()
    assert "count-none" in built.project.log.read_text()
    assert built.site() == before
    assert built.leftovers() == []


def test_an_unknown_setting_of_sphinx_fails_the_build(built):
    built.edit("_config.yml", "nb_ipywidgets_js", "nb_ipywidget_js")
    with pytest.raises(BuildError, match="nb_ipywidget_js"):
        built.build()


def test_a_wrong_parameter_is_refused_before_anything_runs(built):
    built.edit("notebooks/scenarios.yml", "{n_things: 3}", "{n_thing: 3}")
    with pytest.raises(ParameterError, match=r"Did you mean 'n_things'\?"):
        built.build()


def test_a_stand_in_page_passes_sphinx(built, monkeypatch):
    from scaling_utils.errors import DatasetUnavailable
    from scaling_utils.runs import registry

    at_hand = registry.locate

    def locate(name, *, offline=False):
        if name == "porian-refinedweb":
            raise DatasetUnavailable("it is not in /some/folder. Get it so")
        return at_hand(name, offline=offline)

    monkeypatch.setattr("scaling_utils.runs.registry.locate", locate)
    entry = "\n- notebook: 02-more\n  name: web\n  title: Web\n  parameters: {dataset: porian-refinedweb}\n"
    built.project.scenarios.write_text(built.project.scenarios.read_text() + entry)
    built.write(
        [built.markdown("(more)=\n# More?"), built.code("dataset = 'x'", "parameters")], name="02-more"
    )
    with built.project.toc.open("a") as toc:
        toc.write("  - file: notebooks/02-more/web\n")
    built.edit("book/index.md", "See {ref}", "See {ref}`more-web` and {ref}")
    said = built.build()
    assert said[-1] == (
        "missing: porian-refinedweb (02-more/web left empty): it is not in /some/folder. "
        "Get it with: scaling-book datasets fetch porian-refinedweb"
    )
    text = page(built, "notebooks/02-more/web")
    assert "More? — Web" in text
    assert "/some/folder" not in text
    assert built.build()[0] == "nothing changed: _build/html is up to date"


def test_only_leaves_the_others_out(toy):
    toy.edit("book/_toc.yml", "  - file: book/references", "  - file: book/aside\n  - file: book/references")
    (toy.project.pages / "aside.md").write_text("# Aside\n")
    toy.edit("book/index.md", "{numref}`fig-things-small`", "[aside](aside.md)")
    assert "this is a preview: 1 pages" in toy.build(only=["01-count-things/small"])[1]
    shown = {"index", "book/index", "notebooks/01-count-things/small", "book/references"}
    assert {name.removesuffix(".html") for name in toy.site() if name.endswith(".html")} >= shown
    assert not {"book/aside.html", "notebooks/01-count-things/large.html"} & set(toy.site())
    assert "A large count" not in page(toy, "book/index")
    toy.build()
    assert "A large count" in page(toy, "book/index") and "book/aside.html" in toy.site()


def test_only_may_leave_quotations_open(toy):
    small = "../notebooks/01-count-things/small.ipynb"
    quoted = f"{{glue:text}}`{small}::n:.0f` were counted."
    toy.edit("book/index.md", "See {ref}", f"{quoted}\n\nSee {{ref}}")
    (toy.project.pages / ANCHORS).write_text("notebooks/01-count-things/small#fig-things-small\n")
    said = toy.build(only=["01-count-things/large"])
    assert said[0] == "executed 1 of 2 pages from notebooks"
    assert said[1].startswith("this is a preview: 1 pages were not executed and are left out")
    assert "small" in toy.project.log.read_text()
    assert "were counted" in page(toy, "book/index")
    assert "A large count" in page(toy, "notebooks/01-count-things/large")
    assert toy.leftovers() == []


def test_killed_while_executing(built):
    before = built.site()
    pids = built.project.root / "pids"
    built.add(
        built.code(
            "import os, time\n"
            f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}} {{os.getppid()}} ')\n"
            "time.sleep(120)"
        )
    )
    running = start(built)
    wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 4)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert built.site() == before
    wait_until(lambda: not any(alive(pid) for pid in pids.read_text().split()), seconds=20)
    built.add(built.code("print('mended')"))
    assert built.build()[0].startswith("executed 2 of 2")
    assert "mended" in page(built, "notebooks/01-count-things/small")
    assert built.leftovers() == []


def test_killed_while_rendering(built):
    before = built.site()
    built.edit("book/index.md", "A toy book", "A better book")
    running = start(built)
    wait_until(lambda: (built.project.work / "render" / "_build").exists())
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert built.site() == before
    built.build()
    assert "A better book" in page(built, "book/index")
    assert built.leftovers() == []


def test_interrupted_by_the_keyboard(built):
    before = built.site()
    pids = built.project.root / "pids"
    built.add(built.code(f"import os, time\nopen({str(pids)!r}, 'a').write('x')\ntime.sleep(120)"))
    running = start(built)
    wait_until(pids.exists)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in told
    assert built.site() == before
    assert built.leftovers() == []


def test_two_builds_at_once(built):
    marker = built.project.root / "running"
    built.add(built.code(f"import time\nopen({str(marker)!r}, 'w').write('x')\ntime.sleep(60)"))
    running = start(built)
    wait_until(marker.exists)
    try:
        with pytest.raises(BuildRunning, match=r"another build of this book is running .*_build/\.lock"):
            built.build()
    finally:
        running.send_signal(signal.SIGKILL)
        running.communicate()
    built.add()
    built.build()


@pytest.mark.parametrize("where", ["stage", "publish.publish", "cache.keep"])
def test_a_full_disk_leaves_the_site(built, monkeypatch, where):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = built.site()
    built.edit("notebooks/01-count-things.ipynb", "How many", "How few")
    target = "scaling_utils.book.stage.stage" if where == "stage" else f"scaling_utils.book.{where}"
    with monkeypatch.context() as patch:
        patch.setattr(target, full)
        with pytest.raises(BuildError, match="the disk is full"):
            built.build()
    assert built.site() == before
    assert built.leftovers() == []
    built.build()
    assert "How few" in page(built, "notebooks/01-count-things/small")


def test_a_disk_that_is_really_full(built, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        subprocess.run(["cp", "-a", f"{built.project.root}/.", str(disk)], check=True)
        room = shutil.disk_usage(disk).used + 2**20  # a site needs more than one MiB
        subprocess.run(["mount", "-o", f"remount,size={room}", str(disk)], check=True)
        small = object.__new__(type(built))
        small.project = build_module.Project(disk)
        small.path = disk / "notebooks" / built.path.name
        before = small.site()
        small.edit("book/index.md", "A toy book", "A better book")
        with pytest.raises(BuildError, match="the disk is full"):
            small.build()
        assert small.site() == before
        assert small.leftovers() == []
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        small.build()
        assert "A better book" in page(small, "book/index")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_unchanged_book_is_quick(built):
    start(built).communicate()
    begun = time.monotonic()
    told, _ = start(built).communicate()
    assert "nothing changed" in told
    assert time.monotonic() - begun < 3
