"""Which commit of the project a site is built from."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from scaling_utils.book.project import Project

EPOCH = 315_532_800
"""1980-01-01, the time of a project without commits: the earliest that a zip archive can hold."""


@dataclass(frozen=True)
class Commit:
    """The last commit of a project.

    Parameters
    ----------
    name
        Its abbreviated hash, with ``-dirty`` where tracked files differ from it; empty without one.
    time
        Seconds since 1970.
    """

    name: str = ""
    time: int = EPOCH


def last_commit(project: Project) -> Commit:
    """The commit that the project's files are at; an empty one outside of a repository."""
    name = _git(project, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    time = _git(project, "log", "-1", "--format=%ct")
    return Commit(name, int(time)) if time.isdigit() else Commit()


def _git(project: Project, *arguments: str) -> str:
    try:
        ran = subprocess.run(
            ["git", "-C", str(project.root), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return ran.stdout.strip()
