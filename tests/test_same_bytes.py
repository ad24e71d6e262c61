"""Two builds of the whole book, in different folders and circumstances, give the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scaling_utils.book.files import checksums

ROOT = Path(__file__).parents[1]
BUILD = [sys.executable, "-c", "from scaling_utils.cli import main; main()", "build"]


def copy_of_the_project(target):
    """The files as they are, tracked or new, with the history that says which commit they are at."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    present = "\0".join(name for name in names.split("\0") if name and (ROOT / name).exists())
    target.mkdir(parents=True)
    subprocess.run(
        ["cp", "-a", "--parents", "-t", str(target), *present.split("\0"), ".git"], cwd=ROOT, check=True
    )
    return target


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the copies need the history of the project")
def test_two_builds_of_the_book_are_the_same_to_the_byte(tmp_path):
    places = {
        "plain": ({"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}, "1"),
        "with a space/déjà": (
            {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"},
            "2",
        ),
    }
    copies = {name: copy_of_the_project(tmp_path / name) for name in places}
    found = []
    for name, (settings, jobs) in places.items():
        root = copies[name]
        ran = subprocess.run(
            [*BUILD, "--jobs", jobs, "--project", str(root)],
            cwd=root,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        html = (root / "_build/html").resolve()
        found.append(checksums((path for path in sorted(html.rglob("*")) if path.is_file()), html))
    one, other = found
    different = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    assert different == [], f"{len(different)} files differ: {different[:20]}"
    assert len(one) > 100
