"""Public data files: from a mirror, the cache or the network, never without their checksum.

A file is known by repository, commit, path and sha256. It is looked for in this order:

1. in the folder that ``SCALING_DATA_MIRROR`` names, laid out as ``<owner>/<repo>/<commit>/<path>``;
   when it is set, the network is never used;
2. in the cache (pooch's, or the folder that ``SCALING_DATA_CACHE`` names), laid out alike;
3. on the public host, unless the caller is offline.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from scaling_utils.errors import ChecksumError, DatasetUnavailable, clip
from scaling_utils.runs.transfer import LIMIT, TIMEOUT, TooSlow, Transfer

BASE_URL = "https://raw.githubusercontent.com"
"""Host of the public files: a file's address is this, then its `RemoteFile.relative` path."""

MIRROR_VARIABLE = "SCALING_DATA_MIRROR"
CACHE_VARIABLE = "SCALING_DATA_CACHE"

State = Literal["mirrored", "cached", "damaged", "absent"]

PAUSE = 60.0
"""Seconds for which a host that did not answer is not asked again: without a network, a build or a notebook
waits once, not once a file."""

# Hosts that did not answer: until when they are not asked again, by the monotonic clock, and the reason.
_unreachable: dict[str, tuple[float, str]] = {}


@dataclass(frozen=True)
class RemoteFile:
    """One file of a public repository at one commit.

    Parameters
    ----------
    repository
        ``owner/name``.
    commit
        Full commit hash.
    file
        Path inside the repository.
    sha256
        Checksum of the file.

    Examples
    --------
    >>> RemoteFile("owner/repo", "c0ffee", "data/runs.csv", "ab12").relative
    'owner/repo/c0ffee/data/runs.csv'
    """

    repository: str
    commit: str
    file: str
    sha256: str

    @property
    def relative(self) -> str:
        """Path below the host, the mirror and the cache."""
        return f"{self.repository}/{self.commit}/{self.file}"

    @property
    def url(self) -> str:
        """Public address of the file."""
        return self.url_on(BASE_URL)

    def url_on(self, base_url: str) -> str:
        """Address of the file on another host of the same layout."""
        return f"{base_url}/{quote(self.relative)}"


def file_sha256(path: str | Path) -> str:
    """Hexadecimal sha256 of a file, read in blocks.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def obtain(
    remote: RemoteFile,
    *,
    offline: bool = False,
    base_url: str = BASE_URL,
    timeout: float = TIMEOUT,
    limit: float = LIMIT,
) -> Path:
    """Path of a local copy with the right checksum, downloaded if need be.

    Parameters
    ----------
    remote
        The file.
    offline
        Do not use the network.
    base_url
        Host to download from.
    timeout
        Seconds to wait for the host to connect, and for each next part of its answer.
    limit
        Seconds that the whole download may take.

    Returns
    -------
    pathlib.Path
        The verified file, in the mirror or in the cache.

    Raises
    ------
    DatasetUnavailable
        If the file is at hand nowhere and cannot be downloaded now.
    ChecksumError
        If the mirror holds, or the host sends, a file with another checksum.
    """
    reasons = []
    mirror = _mirror()
    if mirror is not None:
        path = mirror / remote.relative
        found = _digest(path)
        if found is not None:
            require_checksum(
                path, expected=remote.sha256, found=found, remedy=f"Replace it from {remote.url}"
            )
            return path
        reasons.append(f"the mirror {MIRROR_VARIABLE}={clip(str(mirror))} does not hold it")
    cached = cache_folder() / remote.relative
    found = _digest(cached)
    if found == remote.sha256:
        return cached
    if found is not None:
        reasons.append("the copy in the cache is damaged")
    if mirror is None and offline:
        reasons.append("downloads are off")
    elif mirror is None:
        try:
            return _download(remote, cached, base_url=base_url, timeout=timeout, limit=limit)
        except _DownloadFailed as failure:
            reasons.append(str(failure))
    if mirror is None:
        remedy = f"Connect to the network and try again, or save {remote.url} as {clip(str(cached), 300)}"
    else:
        remedy = f"Save {remote.url} as {clip(str(path), 300)}, or unset {MIRROR_VARIABLE} to download it"
    raise DatasetUnavailable(f"{clip(remote.file)} is not at hand: {'; '.join(reasons)}. {remedy}")


def state(remote: RemoteFile) -> State:
    """Where a file is at hand, without using the network.

    ``"damaged"`` means that a copy exists but has another checksum.
    """
    mirror = _mirror()
    in_mirror = _digest(mirror / remote.relative) if mirror is not None else None
    if in_mirror is not None:
        return "mirrored" if in_mirror == remote.sha256 else "damaged"
    in_cache = _digest(cache_folder() / remote.relative)
    if in_cache is None:
        return "absent"
    return "cached" if in_cache == remote.sha256 else "damaged"


def require_checksum(path: Path, *, expected: str, found: str, remedy: str) -> None:
    """Raise a `ChecksumError` that names file, expected, found and remedy if the sums differ."""
    if found != expected:
        raise ChecksumError(
            f"{clip(str(path), 300)}: sha256 is {found}, but the registry states {expected}. {remedy}"
        )


def cache_folder() -> Path:
    """Folder that downloads are kept in."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("scaling-laws-book"))


class _DownloadFailed(Exception):
    """Why a download did not succeed, in words."""


def _mirror() -> Path | None:
    chosen = os.environ.get(MIRROR_VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else None


def _digest(path: Path) -> str | None:
    """Checksum of a file, None where there is no file."""
    try:
        return file_sha256(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DatasetUnavailable(
            f"{clip(str(path), 300)} cannot be read ({error.strerror or error}); check who may read it"
        ) from error


def _download(remote: RemoteFile, target: Path, *, base_url: str, timeout: float, limit: float) -> Path:
    import pooch
    import requests

    host = urlsplit(base_url).netloc
    until, reason = _unreachable.get(host, (0.0, ""))
    if time.monotonic() < until:
        raise _DownloadFailed(
            f"{host} did not answer before ({reason}), so it was not asked again within {PAUSE:g} s"
        )
    pooch.get_logger().setLevel("WARNING")
    fetch_url = Transfer(timeout=timeout, limit=limit)

    def fetch_verified(url: str, output_file: str, caller: Any) -> None:
        fetch_url(url, output_file, caller)
        require_checksum(
            target,
            expected=remote.sha256,
            found=file_sha256(output_file),
            remedy=f"{url} sent other bytes (a login page?); they were thrown away",
        )

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(
            remote.url_on(base_url),
            known_hash=f"sha256:{remote.sha256}",
            fname=target.name,
            path=target.parent,
            downloader=fetch_verified,
        )
    except requests.exceptions.HTTPError as error:
        raise _DownloadFailed(
            f"{host} answered {error.response.status_code} {error.response.reason}"
        ) from error
    except requests.exceptions.Timeout as error:
        _not_for_now(host, f"no answer in {timeout:g} s")
        raise _DownloadFailed(f"{host} gave no answer in {timeout:g} s") from error
    except TooSlow as error:
        _not_for_now(host, f"too slow: {error}")
        raise _DownloadFailed(f"{host} was too slow ({error})") from error
    except requests.exceptions.RequestException as error:
        _not_for_now(host, type(error).__name__)
        raise _DownloadFailed(f"{host} could not be reached ({type(error).__name__})") from error
    except OSError as error:
        raise _DownloadFailed(f"the cache cannot be written ({error.strerror or error})") from error
    return target


def _not_for_now(host: str, reason: str) -> None:
    _unreachable[host] = time.monotonic() + PAUSE, reason
