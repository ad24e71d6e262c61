"""The whole book as an EPUB, rendered by Sphinx from the staged tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scaling_utils.book.build import alone
from scaling_utils.book.commit import last_commit
from scaling_utils.book.config import read_mapping
from scaling_utils.book.epub_package import repacked
from scaling_utils.book.files import disk_trouble_explained, remove
from scaling_utils.book.project import Project
from scaling_utils.book.renderer import Renderer
from scaling_utils.errors import BuildError, ScalingError
from scaling_utils.files import write_whole

_OWN_EXTENSIONS = ("scaling_utils.book.mathml", "scaling_utils.book.sphinx_epub")
_SCREEN_ONLY = (
    *("html_js_files", "html_css_files", "html_static_path", "html_theme_options", "html_context"),
    "mathjax_path",
)
_LEFT_OUT_EXTENSIONS = ("sphinx_togglebutton", "sphinx_copybutton", "sphinx_book_theme")
EPUB_DESCRIPTION = "The figures on which neural scaling laws rest, rebuilt from data."


def make_epub(project: Project) -> Path:
    """Render the last build into `_build/book.epub`.

    Formulas are MathML, nothing is scripted, and times in the file are those of the commit: the same
    sources give the same bytes.

    Parameters
    ----------
    project
        The book, built.

    Raises
    ------
    ScalingError
        If the book has not been built.
    BuildError
        If Sphinx warned or failed.
    """
    if not project.staged.is_dir():
        raise ScalingError("there is no book yet; build it with: scaling-book build")
    with disk_trouble_explained(), alone(project):
        folder = project.work / "epub"
        try:
            remove(folder)
            folder.mkdir(parents=True)
            config = folder / "epub.yml"
            book = read_mapping(project.config, project.config.name)
            settings = epub_config(book)
            config.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
            options = ("--builder", "custom", "--custom-builder", "epub")
            with Renderer(project) as renderer:
                renderer.run(folder, config=config, options=options)
            made = sorted((folder / "_build" / "epub").glob("*.epub"))
            if len(made) != 1:
                raise BuildError(f"Sphinx made {len(made)} EPUB files where one was expected")
            base = str((book.get("html") or {}).get("baseurl") or "")
            epub = repacked(made[0].read_bytes(), last_commit(project).time, base=base)
            write_whole(project.epub, epub)
        finally:
            remove(project.work)
    return project.epub


def epub_config(config: dict[str, Any]) -> dict[str, Any]:
    """Settings of the book turned into those of its EPUB: no launch buttons, no scripts, MathML.

    Parameters
    ----------
    config
        What `_config.yml` holds.
    """
    from importlib.metadata import version

    sphinx = dict(config.get("sphinx") or {})
    settings = {k: v for k, v in (sphinx.get("config") or {}).items() if k not in _SCREEN_ONLY}
    extensions = [name for name in settings.get("extensions", []) if name not in _LEFT_OUT_EXTENSIONS]
    settings |= {
        "extensions": [*extensions, *_OWN_EXTENSIONS],
        "version": version("scaling-laws-book"),
        "html_math_renderer": "mathml",
        "html_permalinks": False,
        "epub_show_urls": "no",
        "epub_title": str(config["title"]),
        "epub_author": str(config["author"]),
        "epub_language": "en",
        "epub_identifier": "scaling-laws-book",
        "epub_uid": "scaling-laws-book",
        "epub_description": EPUB_DESCRIPTION,
        "epub_contributor": str(config["author"]),
        "epub_tocscope": "includehidden",
    }
    kept = {
        key: value for key, value in config.items() if key not in ("launch_buttons", "html", "repository")
    }
    return kept | {"sphinx": sphinx | {"config": settings}}
