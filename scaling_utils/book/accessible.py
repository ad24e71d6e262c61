"""What the theme leaves out: names for readers who hear a page, places of pictures."""

from __future__ import annotations

import re
from pathlib import Path

from scaling_utils.book.files import files_below
from scaling_utils.book.thumbnails import SIZE, SUFFIX

SAID = {
    # a toggle of the table of contents is an icon alone
    '<summary><span class="toctree-toggle"': (
        '<summary aria-label="Pages of this chapter"><span class="toctree-toggle"'
    ),
    # its entries say that they belong to a bibliography
    '<div role="list" class="citation-list">': '<div role="doc-bibliography" class="citation-list">',
}
"""Markup of the theme, and what stands for it."""

_THUMBNAIL = re.compile(rf'<img (?=[^>]*\bsrc="[^"]*{re.escape(SUFFIX)}")')


def say_what_is_shown(site: Path) -> None:
    """Give names and roles to parts of the theme that have none, and their size to thumbnails.

    Parameters
    ----------
    site
        Folder of a rendered site.
    """
    for path in files_below(site, "*.html"):
        text = said = path.read_text(encoding="utf-8")
        for markup, better in SAID.items():
            said = said.replace(markup, better)
        said = _THUMBNAIL.sub(f'<img width="{SIZE[0]}" height="{SIZE[1]}" ', said)
        if said != text:
            path.write_text(said, encoding="utf-8")
