"""Reading Debian packages: the text of a dictionary, the C sources of the kernel."""

from __future__ import annotations

import gzip
import lzma
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from scaling_utils.errors import clip
from scaling_utils.ladder.config import LadderError

SOURCE_FOLDERS = ("fs", "kernel")
"""Folders of the kernel whose C files are the corpus of code."""

_HEADER = 60
"""Bytes of a header inside an ar archive."""


def dictionary_text(package: Path) -> bytes:
    """The text of a dictionary packaged for dictd (a `.dict.dz` file, which is gzip).

    Raises
    ------
    LadderError
        If the file is not a package with one dictionary.
    """
    with _member(package, ".dict.dz") as packed:
        return gzip.decompress(packed.read())


def c_sources(package: Path) -> bytes:
    """C files (`.c`) below kernel/ and fs/ of a packaged kernel source, joined in the order of their paths.

    Raises
    ------
    LadderError
        If the file is not a package with one archive of sources.
    """
    files = {}
    with (
        _member(package, ".tar.xz") as packed,
        lzma.open(packed) as raw,
        tarfile.open(fileobj=raw, mode="r|") as tar,
    ):
        for member in tar:
            path = PurePosixPath(member.name)
            if member.isfile() and path.suffix == ".c" and path.parts[1] in SOURCE_FOLDERS:
                content = tar.extractfile(member)
                assert content is not None
                files[path.relative_to(path.parts[0]).as_posix()] = content.read()
    return b"".join(files[path] for path in sorted(files))


@contextmanager
def _member(package: Path, suffix: str) -> Iterator[IO[bytes]]:
    """The one file with a suffix among those that a package installs."""
    with package.open("rb") as stream:
        _seek_data(stream, package)
        with tarfile.open(fileobj=stream, mode="r|*") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.name.endswith(suffix) else None
                if content is not None:
                    yield content
                    return
    raise LadderError(
        f"{clip(str(package), 300)} installs no file that ends in {suffix}; is it the right package?"
    )


def _seek_data(stream: IO[bytes], package: Path) -> None:
    """Move to the member data.tar.* of an ar archive: 60-byte headers, members padded to an even length."""
    if stream.read(8) != b"!<arch>\n":
        raise LadderError(f"{clip(str(package), 300)} is not a Debian package")
    while len(header := stream.read(_HEADER)) == _HEADER:
        if header.startswith(b"data.tar"):
            return
        size = int(header[48:58])
        stream.seek(size + size % 2, 1)
    raise LadderError(f"{clip(str(package), 300)} is a Debian package without data")
