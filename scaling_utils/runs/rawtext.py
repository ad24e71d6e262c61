"""From a file to the bytes of a text: checksum, compression and encoding, in bounded memory.

The file is read once, in blocks, and never held whole: the checksum is that of exactly the bytes that are
parsed, and a line or a file that is too long is refused before it is held.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import stat
import zlib
from collections.abc import Iterator
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Protocol

from scaling_utils.errors import DataError, clip

BLOCK = 1 << 16
MAX_LINE = 1 << 20
"""Longest line, in bytes. A row of a table of runs has a few hundred."""
MAX_BYTES = 1 << 34
"""Largest text, in bytes after decompression."""
MAX_EXPANSION = 200
"""A text that gzip made this many times smaller is no table: tables shrink by less than fifty."""
SAVE_AS = "Save the table as CSV in UTF-8, or as Parquet, one row per measured point."

_FORMATS = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"\xfd7zXZ\x00": "compressed with xz",
    b"BZh": "compressed with bzip2",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\x1f\x8b": "compressed with gzip more than once",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"<": "an HTML or XML page",
}
GZIP = b"\x1f\x8b"
_UTF8_BOM = b"\xef\xbb\xbf"


class Checksum(Protocol):
    """What `hashlib.sha256()` gives."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""

    def hexdigest(self) -> str:
        """Return the checksum so far."""


def text_blocks(path: Path, checksum: Checksum) -> Iterator[bytes]:
    """Yield the blocks of a text file, decompressed; `checksum` becomes that of the file itself.

    What the file is follows from its bytes: one that starts like gzip is unpacked whatever its name.

    Parameters
    ----------
    path
        The file.
    checksum
        As from `hashlib.sha256`; complete once all blocks were taken.

    Yields
    ------
    bytes
        Together valid UTF-8 without byte-order mark, with more than white space, and no line above
        `MAX_LINE` bytes. A block may end within a character.

    Raises
    ------
    DataError
        If the file is missing, damaged, too large, or not UTF-8 text.
    """
    named = str(path)
    try:
        with open_file(path) as raw:
            zipped = raw.peek(2)[:2] == GZIP
            if path.suffix == ".gz" and not zipped:
                raise DataError(
                    "the name ends in .gz, but this is not gzip", file=named, remedy="Rename the file."
                )
            hashing = _Hashing(raw, checksum)
            guard = _Guard(path.name)
            with gzip.GzipFile(fileobj=hashing) if zipped else hashing as stream:
                for block in iter(partial(stream.read, BLOCK), b""):
                    if zipped and guard.taken > max(MAX_EXPANSION * hashing.taken, 1 << 23):
                        raise DataError(
                            "the gzip data expand without end", file=named, remedy="Is this a table of runs?"
                        )
                    yield guard.checked(block)
            guard.finish()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        problem = "the gzip data are damaged or cut short"
        raise DataError(problem, file=named, remedy="Copy or download the file again.") from error
    except OSError as error:
        raise unreadable(path, error) from error


def open_file(path: Path) -> BufferedReader:
    """Open a regular file.

    Raises
    ------
    DataError
        If there is no such file, it is a folder, a pipe or a device, or it cannot be opened.
    """
    named = str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DataError("this is a folder", file=named, remedy="Name a file in it.")
        # A pipe or a device may never end.
        if not stat.S_ISREG(mode):
            raise DataError(
                "this is not a regular file", file=named, remedy="Save the table to a file first."
            )
        return path.open("rb")
    except FileNotFoundError as error:
        raise DataError(
            "there is no such file", file=named, remedy="Check the name and the folder."
        ) from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that the system does not give."""
    reason = clip(getattr(error, "strerror", None) or str(error))
    return DataError(f"the file cannot be read ({reason})", file=str(path))


def checksum_of(path: Path) -> str:
    """The sha256 of a file.

    Raises
    ------
    DataError
        As `open_file`, or if reading fails.
    """
    with open_file(path) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise unreadable(path, error) from error


def line_count(data: bytes) -> int:
    r"""Number of line ends: line feeds, carriage returns, and pairs of them.

    >>> line_count(b"a\r\nb\rc\n")
    3
    """
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


class _Hashing(io.RawIOBase):
    """A binary stream that adds what is read from it to a checksum."""

    def __init__(self, raw: BinaryIO, checksum: Checksum) -> None:
        self.raw, self.checksum, self.taken = raw, checksum, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        block = self.raw.read(len(view))
        view[: len(block)] = block
        self.checksum.update(block)
        self.taken += len(block)
        return len(block)


class _Guard:
    """Watches the blocks of a text file go by; stops at the first that shows it is none, or too large."""

    def __init__(self, file: str) -> None:
        self.file, self.taken, self.lines, self.unfinished, self.blank = file, 0, 0, 0, True
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.pending = b""

    def checked(self, block: bytes) -> bytes:
        """The block, without a byte-order mark."""
        if not self.taken:
            _refuse_other_formats(block, self.file)
            block = block.removeprefix(_UTF8_BOM)
        first = min((i for i in (block.find(b"\n"), block.find(b"\r")) if i >= 0), default=len(block))
        if self.unfinished + first > MAX_LINE:
            raise DataError(
                f"this line is longer than {MAX_LINE:,} bytes",
                file=self.file,
                rows=[self.lines + 1],
                remedy="A row of a table of runs is short. Are line ends missing, or is this another format?",
            )
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self.unfinished = self.unfinished + len(block) if last < 0 else len(block) - last - 1
        if b"\0" in block:
            raise DataError(
                "this is not text: it holds a zero byte",
                file=self.file,
                rows=[self._line_at(block, block.index(b"\0"))],
                remedy=SAVE_AS,
            )
        self._decode(block)
        self.taken += len(block)
        if self.taken > MAX_BYTES:
            raise DataError(
                f"the table is larger than {MAX_BYTES >> 20:,} MiB",
                file=self.file,
                remedy="Thin the curves or keep the last point of each run.",
            )
        self.lines += line_count(block) - (self.pending == b"\r" and block.startswith(b"\n"))
        self.pending = block[-1:]
        return block

    def finish(self) -> None:
        """The file has ended."""
        self._decode(b"", final=True)
        if self.blank:
            raise DataError("the file is empty", file=self.file, remedy="Was the export interrupted?")

    def _decode(self, block: bytes, *, final: bool = False) -> None:
        kept = len(self.decoder.getstate()[0])
        try:
            text = self.decoder.decode(block, final)
        except UnicodeDecodeError as error:
            place = error.start - kept
            raise DataError(
                f"the text is not UTF-8 (byte 0x{error.object[error.start]:02x})",
                file=self.file,
                rows=[self._line_at(block, max(place, 0))],
                remedy=SAVE_AS,
            ) from error
        self.blank = self.blank and not text.strip()

    def _line_at(self, block: bytes, place: int) -> int:
        return self.lines + 1 + line_count(block[:place])


def _refuse_other_formats(head: bytes, file: str) -> None:
    # ASCII in UTF-16 has a zero in every other byte; a hole in a file has them in all.
    zeros = sorted((head[0:200:2].count(0), head[1:200:2].count(0)))
    halves = zeros[1] > 4 * zeros[0] and zeros[1] > 0.4 * len(head[1:200:2])
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or halves:
        raise DataError("the text is UTF-16 or UTF-32, not UTF-8", file=file, remedy=SAVE_AS)
    start = head.removeprefix(_UTF8_BOM).lstrip()
    for magic, name in _FORMATS.items():
        if start.startswith(magic):
            raise DataError(f"this is no table but appears to be {name}", file=file, remedy=SAVE_AS)
