"""Small pictures of figures for pages that show many of them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path

from scaling_utils.files import write_whole

SIZE = (800, 320)
"""Pixels; every thumbnail fills them, so that a page can keep its place before it has loaded."""

SUFFIX = ".thumb.webp"
_WANTED = re.compile(rf"\bfigures/([\w./-]+){re.escape(SUFFIX)}")


def add_thumbnails(tree: Path) -> None:
    """Make the thumbnails that pages of a staged tree ask for, beside their figures.

    Parameters
    ----------
    tree
        Folder with `book` and `figures`. A figure that is not there, because its page has no result, is left
        to Sphinx to miss.

    Notes
    -----
    A page asks for the thumbnail of ``figures/a/b/c.svg`` by the name ``figures/a/b/c.thumb.webp``.
    """
    for name in wanted(path.read_text(encoding="utf-8") for path in sorted(tree.glob("book/*.md"))):
        figure = tree / "figures" / f"{name}.svg"
        if figure.is_file():
            write_whole(figure.with_name(f"{figure.stem}{SUFFIX}"), thumbnail(figure.read_text("utf-8")))


def wanted(texts: Iterable[str]) -> list[str]:
    """Figures whose thumbnails are named in texts.

    >>> wanted([":img-top: ../figures/a/b/c.thumb.webp", "![](../figures/a/b/d.svg)"])
    ['a/b/c']
    """
    return sorted({name for text in texts for name in _WANTED.findall(text)})


def thumbnail(svg: str) -> bytes:
    """An SVG figure as WebP of `SIZE` on white.

    >>> picture = thumbnail('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="40"/>')
    >>> picture[8:12]
    b'WEBP'
    """
    import vl_convert
    from PIL import Image, ImageOps

    drawn = Image.open(io.BytesIO(vl_convert.svg_to_png(svg, scale=1.5))).convert("RGBA")
    white = Image.new("RGBA", drawn.size, "white")
    white.alpha_composite(drawn)
    small = ImageOps.pad(white.convert("RGB"), SIZE, Image.Resampling.LANCZOS, color="white")
    content = io.BytesIO()
    small.save(content, "WEBP", quality=80)
    return content.getvalue()
