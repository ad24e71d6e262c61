"""Whatever the moment at which publishing stops, a whole site is in place: the old one or the new one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scaling_utils.book.build import clean_leftovers
from scaling_utils.book.project import Project
from scaling_utils.book.publish import is_current, publish

# Publishes with every call that changes the file system counted; the process dies before the n-th.
DYING = """
import os, sys
from pathlib import Path
from scaling_utils.book.project import Project
from scaling_utils.book.publish import publish

left = int(sys.argv[2])

def counted(function):
    def call(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return function(*args, **kwargs)
    return call

for name in ("mkdir", "rename", "replace", "symlink", "unlink", "rmdir", "fsync"):
    setattr(os, name, counted(getattr(os, name)))
root = Path(sys.argv[1])
publish(Project(root), root / "rendered", "new")
"""


def render(project, text):
    folder = project.root / "rendered"
    (folder / "book").mkdir(parents=True)
    (folder / "index.html").write_text(text)
    (folder / "book" / "page.html").write_text(text)
    return folder


def shown(project):
    texts = {path.read_text() for path in project.html.rglob("*.html")}
    assert len(texts) == 1, "pages of two sites are mixed"
    assert len(list(project.html.rglob("*.html"))) == 2
    return texts.pop()


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "a book")
    publish(project, render(project, "old"), "old")
    return project


def test_a_site_is_published_and_replaced(project):
    assert shown(project) == "old"
    assert is_current(project, "old")
    assert not is_current(project, "new")
    assert publish(project, render(project, "new"), "new") is None
    assert shown(project) == "new"
    assert sorted(path.name for path in project.sites.iterdir()) == ["new", "new.json"]
    assert not project.html.readlink().is_absolute(), "the link must survive moving the project"


def test_the_same_key_twice(project):
    publish(project, render(project, "again"), "old")
    assert shown(project) == "again"
    assert is_current(project, "old")


@pytest.mark.parametrize("harm", ["change", "remove", "add", "manifest"])
def test_a_damaged_site_is_not_current(project, harm):
    page = project.html / "book" / "page.html"
    if harm == "change":
        page.write_text("other")
    elif harm == "remove":
        page.unlink()
    elif harm == "add":
        (project.html / "more.html").write_text("more")
    else:
        (project.sites / "old.json").write_text("{")
    assert not is_current(project, "old")


def test_a_folder_of_another_tool_is_moved_aside(project):
    project.html.unlink()
    project.html.mkdir()
    (project.html / "mine.html").write_text("mine")
    displaced = publish(project, render(project, "new"), "new")
    assert displaced is not None
    assert (displaced / "mine.html").read_text() == "mine"
    assert shown(project) == "new"


def test_killed_at_any_step_a_whole_site_is_shown(project):
    outcomes = []
    for step in range(40):
        if not (project.root / "rendered").exists():
            render(project, "new")
        died = subprocess.run(
            [sys.executable, "-c", DYING, str(project.root), str(step)], check=False
        ).returncode
        outcomes.append(shown(project))
        if died == 0:
            break
        assert died == 9
        clean_leftovers(project)
        assert shown(project) == outcomes[-1]
        assert len(list(project.sites.iterdir())) == 2
        # Back to the old site, so that each step starts from the same state.
        if outcomes[-1] == "new":
            again = project.root / "rendered"
            if again.exists():
                subprocess.run(["rm", "-r", str(again)], check=True)
            publish(project, render(project, "old"), "old")
    assert died == 0
    assert step > 5
    assert {"old", "new"} == set(outcomes)
