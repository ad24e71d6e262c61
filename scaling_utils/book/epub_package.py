"""What Sphinx packs as an EPUB, made into one that readers of EPUB accept."""

from __future__ import annotations

import posixpath
import re
import time
import zipfile
from io import BytesIO
from urllib.parse import unquote, urljoin

from scaling_utils.book.mathml import as_xml

_MIMETYPE = "mimetype"
_STYLE = re.compile(r"<style\b[^>]*>.*?</style>\s*", re.DOTALL)
_FOLD_TITLE = re.compile(r'<p (class="(?:collapsed|expanded) admonition-title")>(.*?)</p>', re.DOTALL)
_DOCTYPE = re.compile(rb"<!DOCTYPE svg[^>]*>\s*")  # it names files on another host
_EMPTY_PATH = re.compile(rb"<path\b(?![^>]*\bd=)")  # what matplotlib writes for a blank
_BARE_SVG = re.compile(r"<svg\b(?![^>]*\bxmlns=)")
_TO_DECLARE = {"mathml": b"<math", "svg": b"<svg"}
"""Property of a page in the manifest to what the page then holds."""


def repacked(epub: bytes, epoch: int, *, base: str = "") -> bytes:
    """An EPUB as readers take it, with fixed order and times.

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
    files = _without_webp(files)
    for name in [name for name in files if name.endswith(".xhtml")]:
        files[name] = _as_xml(files[name].decode(), name, files, base).encode()
    for name in [name for name in files if name.endswith(".svg")]:
        picture = _DOCTYPE.sub(b"", files[name])
        files[name] = _EMPTY_PATH.sub(b'<path d=""', picture)
    for name in [name for name in files if name.endswith(".opf")]:
        files[name] = _declared(files[name].decode(), name, files).encode()
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files, key=lambda name: (name != _MIMETYPE, name)):
            entry = zipfile.ZipInfo(name, time.gmtime(epoch)[:6])
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name == _MIMETYPE else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=9)
    return out.getvalue()


def _without_webp(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files with pictures as PNG that are WebP, which EPUB does not know."""
    from PIL import Image

    found, named = dict(files), {}
    for name in [name for name in files if name.endswith(".webp")]:
        png = BytesIO()
        Image.open(BytesIO(found.pop(name))).save(png, "PNG", optimize=True)
        changed = f"{name.removesuffix('.webp')}.png"
        found[changed] = png.getvalue()
        named[posixpath.basename(name).encode()] = posixpath.basename(changed).encode()
    for name in [name for name in found if name.endswith((".xhtml", ".opf"))]:
        for old, new in named.items():
            found[name] = found[name].replace(old, new)
        found[name] = found[name].replace(b"image/webp", b"image/png")
    return found


def _as_xml(page: str, name: str, files: dict[str, bytes], base: str) -> str:
    """A page without what HTML knows and XML does not; what is not there is not asked for."""
    head, end, body = as_xml(page).partition("</head>")
    body = _FOLD_TITLE.sub(r"<span \1>\2</span>", body)
    body = _BARE_SVG.sub('<svg xmlns="http://www.w3.org/2000/svg"', body)
    page = head + "".join(_STYLE.findall(body)) + end + _STYLE.sub("", body)

    def path(address: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(name), re.split("[?#]", address)[0]))

    def kept(match: re.Match[str]) -> str:
        return match[0] if path(match[1]) in files else ""

    def relinked(match: re.Match[str]) -> str:
        target = path(match[2])
        return match[0] if target in files else f'{match[1]}"{urljoin(base, target)}"'

    page = re.sub(r'<link [^>]*?href="([^":]+\.css[^"]*)"[^>]*/>', kept, page)
    return re.sub(r'(<a [^>]*?\bhref=)"([^":#]+)[^":]*"', relinked, page) if base else page


def _declared(package: str, name: str, files: dict[str, bytes]) -> str:
    """The package document with the properties that EPUB readers rely on."""

    def declare(match: re.Match[str]) -> str:
        item, href = match[0], match[1]
        content = files.get(posixpath.join(posixpath.dirname(name), unquote(href)), b"")
        found = " ".join(word for word, mark in _TO_DECLARE.items() if mark in content)
        if "properties=" in item or not found:
            return item
        return re.sub(r"\s*/>$", f' properties="{found}" />', item)

    return re.sub(r'<item (?=[^>]*application/xhtml\+xml)[^>]*href="([^"]+)"[^>]*/>', declare, package)
