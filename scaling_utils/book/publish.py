"""Put a finished site in place of the one before, in one rename, and know later whether it is whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

from scaling_utils.book.files import checksums, remove
from scaling_utils.book.project import Project
from scaling_utils.files import PARTIAL, write_whole
from scaling_utils.runs.download import file_sha256


def publish(project: Project, rendered: Path, key: str) -> Path | None:
    """Make `_build/html` show a rendered site.

    Every step leaves either the old site or the new one in place: the site is moved to a folder of its
    own, its manifest is written beside it, and the link `_build/html` is replaced by one rename.

    Parameters
    ----------
    project
        The book.
    rendered
        A finished site on the same file system; it is moved.
    key
        What `site_key` says of it.

    Returns
    -------
    pathlib.Path or None
        Where a folder that stood in the link's place was moved to.
    """
    project.sites.mkdir(parents=True, exist_ok=True)
    site = _free_place(project, key)
    files = checksums((path for path in sorted(rendered.rglob("*")) if path.is_file()), rendered)
    rendered.replace(site)
    write_whole(_manifest(site), json.dumps({"key": key, "files": files}, indent=0))
    displaced = None
    if project.html.exists() and not project.html.is_symlink():
        displaced = _unused(project.build / "html.old")
        project.html.replace(displaced)
    link = project.html.with_name(project.html.name + PARTIAL)
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(site, project.build), target_is_directory=True)
    link.replace(project.html)
    remove_unpublished(project)
    return displaced


def is_current(project: Project, key: str) -> bool:
    """Whether the published site was rendered from `key` and every file of it is as it was then."""
    if not project.html.is_symlink():
        return False
    site = project.html.resolve()
    try:
        manifest = json.loads(_manifest(site).read_bytes())
        found = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
        return (
            manifest["key"] == key
            and found == manifest["files"].keys()
            and all(file_sha256(site / name) == sum_ for name, sum_ in manifest["files"].items())
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def remove_unpublished(project: Project) -> None:
    """Remove every site that `_build/html` does not show."""
    if not project.sites.is_dir():
        return
    site = project.html.resolve() if project.html.is_symlink() else None
    kept = (site, _manifest(site)) if site is not None else ()
    for path in project.sites.iterdir():
        if path not in kept:
            remove(path)


def _manifest(site: Path) -> Path:
    return site.with_name(f"{site.name}.json")


def _free_place(project: Project, key: str) -> Path:
    return _unused(project.sites / key[:16])


def _unused(path: Path) -> Path:
    candidate, number = path, 1
    while candidate.exists() or candidate.is_symlink():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate
