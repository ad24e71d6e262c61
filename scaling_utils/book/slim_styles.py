"""Take out of a site's style sheets and fonts of icons what none of its pages shows."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path

from scaling_utils.book.files import files_below, remove

ICON_FONTS = "_static/vendor/fontawesome/webfonts"
"""Fonts of icons, as TrueType and as WOFF2: some are logos, and of the rest pages show a few."""

OWN = ("book.css", "print.css")
"""Style sheets of the book itself, short, and used for its other forms, too."""

SET_BY_SCRIPTS = re.compile(r"bs-|tooltip|popover|modal|dropdown|offcanvas|collaps|sd-tab|vega|vg-|mjx|MJX")
"""Classes whose names scripts put together from parts."""

_LICENCE = re.compile(r"/\*!.*?\*/", re.DOTALL)
_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_ICON = re.compile("[\ue000-\uf8ff]")
_FONT = re.compile(r'url\(([^)]*?)\.woff2\)format\("woff2"\),url\([^)]*\.ttf\)format\("truetype"\)')


def slim_styles(site: Path, pages: Iterable[str]) -> None:
    """Remove rules for classes that no page and no script names, and icons that no rule draws.

    Parameters
    ----------
    site
        Folder of a rendered site.
    pages
        The text of all its pages.
    """
    scripts = (path.read_text(encoding="utf-8") for path in files_below(site / "_static", "*.js"))
    named = {word for text in (*pages, *scripts) for word in _WORD.findall(text)}
    icons: set[int] = set()
    for path in files_below(site / "_static", "*.css"):
        styles = path.read_text(encoding="utf-8")
        styles = styles if path.name in OWN else without_unused(styles, named)
        icons |= {ord(icon) for icon in _ICON.findall(styles)}
        path.write_text(_FONT.sub(r'url(\1.woff)format("woff")', styles), encoding="utf-8")
    for path in files_below(site / ICON_FONTS, "*.ttf"):
        path.with_suffix(".woff").write_bytes(font_of(path, icons))
        remove(path)
        remove(path.with_suffix(".woff2"))


def without_unused(styles: str, named: set[str]) -> str:
    """A style sheet in few bytes, without the rules of classes that nothing names, and with its licences.

    >>> without_unused('.a:before { content: "}" } /*! MIT */ .d {} @media print { .b { x: y } }', {"a"})
    '/*! MIT */.a:before{content:"}"}'
    """
    import lightningcss

    unnamed = {
        name for name in _CLASS.findall(styles) if name not in named and not SET_BY_SCRIPTS.match(name)
    }
    licences = dict.fromkeys(_LICENCE.findall(styles))  # all: Lightning CSS keeps those at the top alone
    rules = lightningcss.process_stylesheet(_LICENCE.sub("", styles), unused_symbols=unnamed)
    return "".join(licences) + rules


def font_of(path: Path, icons: Iterable[int]) -> bytes:
    """A TrueType font with these characters alone, as WOFF.

    Parameters
    ----------
    path
        The font.
    icons
        Code points; those that it lacks are left out.
    """
    from fontTools import subset  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    options = subset.Options(drop_tables=["FFTM"], layout_features=[], hinting=False, notdef_outline=True)
    with TTFont(path, recalcTimestamp=False) as font:
        cut = subset.Subsetter(options)
        cut.populate(unicodes=icons)
        cut.subset(font)
        font.flavor = "woff"
        stream = io.BytesIO()
        font.save(stream)
    return stream.getvalue()
