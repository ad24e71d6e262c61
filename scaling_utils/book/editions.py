"""Several versions of the site side by side: the newest at the root, releases under `/vX.Y/`."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaling_utils.book.files import disk_trouble_explained, remove
from scaling_utils.errors import DataError, ScalingError, clip
from scaling_utils.files import PARTIAL, write_whole

VERSIONS = "versions.json"
"""List of the versions at hand, which the switcher on every page reads."""

DAMAGE = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError)
"""What reading a damaged or truncated archive raises."""


@dataclass(frozen=True)
class Edition:
    """One version of the site.

    Parameters
    ----------
    version
        As its `results.json` states it.
    folder
        Where it lies: `vX.Y`, or nothing for the newest state at the root.
    archive
        The site archive it comes from.
    """

    version: str
    folder: str
    archive: Path


def versions_file(editions: Sequence[tuple[str, str]]) -> str:
    """Content of `versions.json`, from (version, folder) of each, newest first.

    >>> print(versions_file([("0.2.0", ""), ("0.1.3", "v0.1")]), end="")
    [
     {
      "folder": "",
      "name": "latest (0.2.0)"
     },
     {
      "folder": "v0.1",
      "name": "v0.1"
     }
    ]
    """
    listed = [{"name": folder or f"latest ({version})", "folder": folder} for version, folder in editions]
    return json.dumps(listed, indent=1, sort_keys=True) + "\n"


def assemble(target: Path, *, latest: Path, releases: Sequence[Path]) -> tuple[Edition, ...]:
    """Unpack site archives into one folder that can be published as it is.

    Parameters
    ----------
    target
        Folder to make.
    latest
        Archive of the newest state; it goes to the root.
    releases
        Archives of releases. Of those with the same X.Y the highest is kept.

    Returns
    -------
    tuple of Edition
        What the folder holds, newest first.

    Raises
    ------
    ScalingError
        If the target exists.
    DataError
        If an archive cannot be read, or is not one of a site.
    """
    if target.exists():
        raise ScalingError(f"{clip(str(target))} exists; name a folder that does not")
    newest: dict[tuple[int, int], tuple[list[int], Edition]] = {}
    for path in releases:
        version = _version(path)
        numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
        if len(numbers) < 2:
            raise DataError(f"states the version '{clip(version, 40)}', not X.Y.Z", file=path)
        series = (numbers[0], numbers[1])
        edition = Edition(version, f"v{series[0]}.{series[1]}", path)
        if series not in newest or newest[series][0] < numbers:
            newest[series] = (numbers, edition)
    editions = (
        Edition(_version(latest), "", latest),
        *(edition for _, (_, edition) in sorted(newest.items(), reverse=True)),
    )
    versions = versions_file([(edition.version, edition.folder) for edition in editions])
    aside = target.with_name(target.name + PARTIAL)
    with disk_trouble_explained():
        remove(aside)
        for edition in editions:
            folder = aside / edition.folder
            folder.mkdir(parents=True, exist_ok=True)
            try:
                with tarfile.open(edition.archive) as tar:
                    tar.extractall(folder, filter="data")
            except DAMAGE as error:
                remove(aside)
                raise _not_a_site(edition.archive, error) from error
            write_whole(folder / VERSIONS, versions)
        aside.replace(target)
    return editions


def _version(path: Path) -> str:
    try:
        with tarfile.open(path) as tar:
            stream = tar.extractfile("results.json")
            content: dict[str, Any] = json.load(stream) if stream else {}
        return str(content["edition"]["version"])
    except (OSError, *DAMAGE, KeyError, ValueError, TypeError) as error:
        raise _not_a_site(path, error) from error


def _not_a_site(path: Path, error: Exception) -> DataError:
    return DataError(
        f"is not an archive of the book's site ({clip(str(error))})",
        file=path,
        remedy="scaling-book release writes one: dist/release/site.tar.gz.",
    )
