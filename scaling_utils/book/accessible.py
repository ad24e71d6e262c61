"""Names for what the theme draws as icons alone, for readers who hear a page."""

from __future__ import annotations

from pathlib import Path

from scaling_utils.book.files import files_below

_TOGGLE = '<summary><span class="toctree-toggle"'
_NAMED = '<summary aria-label="Pages of this chapter"><span class="toctree-toggle"'


def name_toggles(site: Path) -> None:
    """Give the toggles of the table of contents a name.

    Parameters
    ----------
    site
        Folder of a rendered site.
    """
    for path in files_below(site, "*.html"):
        text = path.read_text(encoding="utf-8")
        if _TOGGLE in text:
            path.write_text(text.replace(_TOGGLE, _NAMED), encoding="utf-8")
