"""Smaller PDF of the same picture: coordinates in hundredths of a point, small objects packed together."""

from __future__ import annotations

import io
import re

_ON_A_PATH = re.compile(rb"^[-\d. ]+ (?:m|l|c|re)$", re.MULTILINE)
"""Line of a page that moves to a point, draws to one, or draws a rectangle, as matplotlib writes it."""

_FRACTION = re.compile(rb"-?\d*\.\d{3,}")


def lean(pdf: bytes) -> bytes:
    """Round coordinates of paths, and write fonts, links and the like as compressed object streams.

    Parameters
    ----------
    pdf
        As matplotlib writes it.

    Returns
    -------
    bytes
        PDF 1.5 that draws the same, to what a printer can tell, its text still text; equal bytes for equal
        input.
    """
    import pikepdf

    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            page.Contents.write(_ON_A_PATH.sub(_rounded, page.Contents.read_bytes()))
        document.save(stream, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return stream.getvalue()


def _rounded(line: re.Match[bytes]) -> bytes:
    return _FRACTION.sub(lambda number: b"%.2f" % float(number[0]), line[0])
