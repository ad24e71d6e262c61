"""Take out of a rendered site what no page loads."""

from __future__ import annotations

from pathlib import Path

from scaling_utils.book.files import files_below, remove

ICONS = "_static/scripts/fontawesome.js"
"""A third of the theme's weight; it draws again, as SVG, the icons that the style sheet draws from fonts."""

UNUSED = (
    "_static/mathjax/input/tex/extensions/all-packages.js",  # each of them is there by itself
    *(f"_static/mathjax/input/tex/extensions/{name}.js" for name in ("bussproofs", "mhchem", "physics")),
    "_static/vendor/fontawesome/webfonts/fa-brands-400.woff2",  # logos; those of the site are images
    "_static/**/*.map",  # for people who debug the theme
    "_static/locales",  # the book is in English; translations are read when it is built
    "_static/*webpack-macros.html",
    "_static/images/logo_deepnote.svg",
    "_static/images/logo_jupyterhub.svg",
    "_static/vendor/fontawesome/webfonts/*.ttf",  # every browser that reads the page takes woff2
    "_sources/**/*.png",
)


def slim(site: Path) -> None:
    """Remove files of the theme that browsers never ask for.

    Parameters
    ----------
    site
        Folder of a rendered site.
    """
    for pattern in UNUSED:
        for path in sorted(site.glob(pattern)):
            remove(path)
    icons = site / ICONS
    if icons.is_file():
        icons.write_text("// The style sheet draws the icons.\n", encoding="utf-8")


def weight(site: Path) -> int:
    """Bytes of all files of a site."""
    return sum(path.stat().st_size for path in files_below(site))
