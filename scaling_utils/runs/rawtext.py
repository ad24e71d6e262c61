"""From a file to the bytes of a text: checksum, compression and encoding, in bounded memory.

The file is read once, in blocks: the checksum is that of exactly the bytes that are parsed, and a line or a
file that is too long is refused before it is held.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import stat
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from scaling_utils.errors import DataError, clip

BLOCK = 1 << 16
MAX_LINE = 1 << 20
"""Longest line, in bytes. A row of a table of runs has a few hundred."""
MAX_BYTES = 1 << 26
"""Largest table, in bytes after decompression: about a million rows, which take 0.8 GB to read."""
SAVE_AS = "Save the table as CSV in UTF-8, one row per measured point."

_FORMATS = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"PAR1": "a Parquet file",
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
    b"{": "JSON",
    b"[": "JSON",
}
_UTF8_BOM = b"\xef\xbb\xbf"


def read_text(path: Path) -> tuple[bytes, str]:
    """Return the bytes of a text file, decompressed, and the sha256 of the file itself.

    What the file is follows from its bytes: one that starts like gzip is unpacked whatever its name.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    bytes
        Valid UTF-8, perhaps after a byte-order mark; more than white space; no line above `MAX_LINE` bytes.
    str
        The sha256 of the file.

    Raises
    ------
    DataError
        If the file is missing, damaged, too large, or not UTF-8 text.
    """
    named = str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DataError("this is a folder", file=named, remedy="Name the CSV file in it.")
        # A pipe or a device may never end.
        if not stat.S_ISREG(mode):
            raise DataError(
                "this is not a regular file", file=named, remedy="Save the table to a file first."
            )
        with path.open("rb") as raw:
            zipped = raw.peek(2)[:2] == b"\x1f\x8b"
            if path.suffix == ".gz" and not zipped:
                raise DataError(
                    "the name ends in .gz, but this is not gzip", file=named, remedy="Rename the file."
                )
            hashing = _Hashing(raw)
            with gzip.GzipFile(fileobj=hashing) if zipped else hashing as stream:
                data = _collect(iter(partial(stream.read, BLOCK), b""), path.name)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        problem = "the gzip data are damaged or cut short"
        raise DataError(problem, file=named, remedy="Copy or download the file again.") from error
    except FileNotFoundError as error:
        raise DataError(
            "there is no such file", file=named, remedy="Check the name and the folder."
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(
            f"the file cannot be read ({clip(getattr(error, 'strerror', None) or str(error))})", file=named
        ) from error
    return data, hashing.sha256.hexdigest()


class _Hashing(io.RawIOBase):
    """A binary stream that adds what is read from it to a checksum."""

    def __init__(self, raw: BinaryIO) -> None:
        self.raw = raw
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        block = self.raw.read(len(view))
        view[: len(block)] = block
        self.sha256.update(block)
        return len(block)


def _collect(blocks: Iterator[bytes], file: str) -> bytes:
    """Join the blocks of a text file; stop at the first that shows it is none, or too large."""
    data = bytearray()
    unfinished = 0
    for block in blocks:
        if not data:
            _refuse_other_formats(block, file)
        first = min((i for i in (block.find(b"\n"), block.find(b"\r")) if i >= 0), default=len(block))
        if unfinished + first > MAX_LINE:
            raise DataError(
                f"this line is longer than {MAX_LINE:,} bytes",
                file=file,
                rows=[_line_at(data, len(data))],
                remedy="A row of a table of runs is short. Are line ends missing, or is this another format?",
            )
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        unfinished = unfinished + len(block) if last < 0 else len(block) - last - 1
        if b"\0" in block:
            place = len(data) + block.index(b"\0")
            data += block
            raise DataError(
                "this is not text: it holds a zero byte",
                file=file,
                rows=[_line_at(data, place)],
                remedy=SAVE_AS,
            )
        data += block
        if len(data) > MAX_BYTES:
            raise DataError(
                f"the table is larger than {MAX_BYTES >> 20} MiB",
                file=file,
                remedy="Thin the curves or keep the last point of each run.",
            )
    _refuse_other_encodings(data, file)
    return bytes(data)


def _refuse_other_formats(head: bytes, file: str) -> None:
    # ASCII in UTF-16 has a zero in every other byte; a hole in a file has them in all.
    zeros = sorted((head[0:200:2].count(0), head[1:200:2].count(0)))
    halves = zeros[1] > 4 * zeros[0] and zeros[1] > 0.4 * len(head[1:200:2])
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or halves:
        raise DataError("the text is UTF-16 or UTF-32, not UTF-8", file=file, remedy=SAVE_AS)
    start = head.removeprefix(_UTF8_BOM).lstrip()
    for magic, name in _FORMATS.items():
        if start.startswith(magic):
            raise DataError(f"this is not CSV but appears to be {name}", file=file, remedy=SAVE_AS)


def _refuse_other_encodings(data: bytearray, file: str) -> None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"the text is not UTF-8 (byte 0x{data[error.start]:02x})",
            file=file,
            rows=[_line_at(data, error.start)],
            remedy=SAVE_AS,
        ) from error
    if not text.strip():
        raise DataError("the file is empty", file=file, remedy="Was the export interrupted?")


def _line_at(data: bytearray, place: int) -> int:
    """Number of the line that holds the byte at `place`."""
    before = bytes(data[:place])
    return 1 + before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n")
