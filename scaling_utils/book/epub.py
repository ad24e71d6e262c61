"""The whole book as an EPUB, rendered by Sphinx from the staged tree."""

from __future__ import annotations

import posixpath
import re
import time
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import yaml

from scaling_utils.book.build import alone
from scaling_utils.book.commit import last_commit
from scaling_utils.book.config import read_mapping
from scaling_utils.book.epub_check import epub_problems
from scaling_utils.book.files import disk_trouble_explained, remove, write_whole
from scaling_utils.book.mathml import as_xml
from scaling_utils.book.project import Project
from scaling_utils.book.site import run_jupyter_book
from scaling_utils.errors import BuildError, ScalingError, clip

_OWN_EXTENSIONS = ("scaling_utils.book.mathml", "scaling_utils.book.sphinx_epub")
_SCREEN_ONLY = (
    *("html_js_files", "html_css_files", "html_static_path", "html_theme_options", "html_context"),
    "mathjax_path",
)
_LEFT_OUT_EXTENSIONS = ("sphinx_togglebutton", "sphinx_copybutton", "sphinx_book_theme")
_MIMETYPE = "mimetype"
_SHOWN = 20
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
            run_jupyter_book(project, folder, config=config, options=options)
            made = sorted((folder / "_build" / "epub").glob("*.epub"))
            if len(made) != 1:
                raise BuildError(f"Sphinx made {len(made)} EPUB files where one was expected")
            base = str((book.get("html") or {}).get("baseurl") or "")
            epub = repacked(made[0].read_bytes(), last_commit(project).time, base=base)
            if problems := epub_problems(epub):
                listed = "\n  ".join(clip(problem, 300) for problem in problems[:_SHOWN])
                raise BuildError(f"the EPUB has {len(problems)} faults, so none was written\n  {listed}")
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


def repacked(epub: bytes, epoch: int, *, base: str = "") -> bytes:
    """An EPUB with fixed order and times, and with its pages declared to hold MathML where they do.

    Parameters
    ----------
    epub
        As Sphinx made it.
    epoch
        Seconds since 1970 that stand for the time of every file.
    base
        Address of the site, where links to what the EPUB does not hold lead.
    """
    with zipfile.ZipFile(BytesIO(epub)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for name in [name for name in files if name.endswith(".xhtml")]:
        files[name] = _as_xml(files[name].decode(), name, files, base).encode()
    for name in [name for name in files if name.endswith(".svg")]:
        files[name] = re.sub(rb"<!DOCTYPE svg[^>]*>\s*", b"", files[name])  # it names files on another host
    for name in [name for name in files if name.endswith(".opf")]:
        files[name] = _declared(files[name].decode(), files).encode()
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files, key=lambda name: (name != _MIMETYPE, name)):
            entry = zipfile.ZipInfo(name, time.gmtime(epoch)[:6])
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name == _MIMETYPE else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=9)
    return out.getvalue()


def _as_xml(page: str, name: str, files: dict[str, bytes], base: str) -> str:
    """A page without what HTML knows and XML does not; what is not there is not asked for."""
    page = as_xml(page)

    def path(address: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(name), re.split("[?#]", address)[0]))

    def kept(match: re.Match[str]) -> str:
        return match[0] if path(match[1]) in files else ""

    def relinked(match: re.Match[str]) -> str:
        target = path(match[2])
        return match[0] if target in files else f'{match[1]}"{urljoin(base, target)}"'

    page = re.sub(r'<link [^>]*?href="([^":]+\.css[^"]*)"[^>]*/>', kept, page)
    return re.sub(r'(<a [^>]*?\bhref=)"([^":#]+)[^":]*"', relinked, page) if base else page


def _declared(package: str, files: dict[str, bytes]) -> str:
    """The package document with the properties that EPUB readers rely on."""
    by_name = {name.rpartition("/")[2]: content for name, content in files.items()}

    def declare(match: re.Match[str]) -> str:
        item = match[0]
        target = re.search(r'href="([^"]+)"', item)
        content = by_name.get(target[1].rpartition("/")[2], b"") if target else b""
        if "properties=" in item or b"<math" not in content:
            return item
        return re.sub(r"\s*/>$", ' properties="mathml" />', item)

    return re.sub(r"<item [^>]*application/xhtml\+xml[^>]*/>", declare, package)
