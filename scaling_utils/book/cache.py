"""Executed notebooks kept between builds, each with the checksum that proves it whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from scaling_utils.book.files import remove
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import Scenario
from scaling_utils.files import write_whole
from scaling_utils.runs.download import file_sha256


def entry(project: Project, scenario: Scenario, key: str) -> Path:
    """Where the executed notebook for `key` is kept; its receipt lies beside it as `.json`."""
    return project.executed / scenario.notebook / f"{scenario.name}.{key[:16]}.ipynb"


def is_sound(project: Project, scenario: Scenario, key: str) -> bool:
    """Whether an unchanged result is at hand; a missing, torn or altered one counts as none."""
    path = entry(project, scenario, key)
    try:
        receipt = json.loads(_receipt(path).read_bytes())
        return bool(receipt == {"key": key, "sha256": file_sha256(path)})
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False


def keep(project: Project, scenario: Scenario, key: str, executed: Path) -> None:
    """Take a finished notebook into the cache; the receipt is written last."""
    path = entry(project, scenario, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove(_receipt(path))
    executed.replace(path)
    write_whole(_receipt(path), json.dumps({"key": key, "sha256": file_sha256(path)}))


def prune(project: Project, used: Iterable[tuple[Scenario, str]]) -> None:
    """Remove every entry that none of these scenarios uses."""
    kept = {entry(project, scenario, key) for scenario, key in used}
    kept |= {_receipt(path) for path in kept}
    if not project.executed.is_dir():
        return
    for path in project.executed.rglob("*"):
        if path.is_file() and path not in kept:
            remove(path)
    for folder in project.executed.iterdir():
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _receipt(path: Path) -> Path:
    return path.with_suffix(".json")
