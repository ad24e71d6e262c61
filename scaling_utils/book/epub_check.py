"""Whether an EPUB is whole: what readers refuse, or would show as a gap."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote, urldefrag, urlsplit
from xml.etree import ElementTree

_CONTAINER = "META-INF/container.xml"
_NOT_LISTED = ("mimetype", _CONTAINER)
_LOADS = {"img": "src", "image": "href", "link": "href", "source": "src", "script": "src"}


def epub_problems(epub: bytes) -> list[str]:
    """Everything that is wrong with an EPUB.

    Parameters
    ----------
    epub
        The file.

    Returns
    -------
    list of str
        Documents that are no XML; files that the manifest does not list, or lists in vain; an order of
        reading that names nothing, or a page that is neither in it nor in the navigation; links, anchors
        and pictures that lead nowhere within the file; pictures of other hosts; scripts.
    """
    with zipfile.ZipFile(BytesIO(epub)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    trees, found = {}, []
    for name in files:
        if name.endswith((".xhtml", ".svg", ".opf", ".ncx", ".xml")):
            try:
                trees[name] = ElementTree.fromstring(files[name])
            except ElementTree.ParseError as error:
                found.append(f"{name} is not well-formed: {error}")
    if found:
        return found
    (package,) = trees[_CONTAINER].iterfind(".//{*}rootfile")
    found += _of_package(package.get("full-path", ""), files, trees)
    ids = {
        name: {value for element in tree.iter() for key in ("id", "name") if (value := element.get(key))}
        for name, tree in trees.items()
    }
    for name, tree in trees.items():
        if name.endswith(".xhtml"):
            found += [f"{name}: {problem}" for problem in _of_page(name, tree, files, ids)]
    return found


def _of_package(name: str, files: dict[str, bytes], trees: dict[str, ElementTree.Element]) -> Iterator[str]:
    package, folder = trees[name], posixpath.dirname(name)
    items = {
        item.get("id"): posixpath.join(folder, unquote(item.get("href", "")))
        for item in package.findall("{*}manifest/{*}item")
    }
    listed = set(items.values())
    yield from (f"{path} is listed but not there" for path in sorted(listed - set(files)))
    yield from (f"{path} is not listed" for path in sorted(set(files) - listed - {name, *_NOT_LISTED}))
    order = [ref.get("idref") for ref in package.findall("{*}spine/{*}itemref")]
    yield from (
        f"the order of reading names '{ref}', which is not listed" for ref in order if ref not in items
    )
    (navigation,) = (
        posixpath.join(folder, item.get("href", ""))
        for item in package.findall("{*}manifest/{*}item[@properties='nav']")
    )
    reached = {
        posixpath.join(posixpath.dirname(navigation), urldefrag(link.get("href", ""))[0])
        for link in trees[navigation].iter("{http://www.w3.org/1999/xhtml}a")
    }
    pages = {items[ref] for ref in order if ref in items and "/" in items[ref]}  # others are made by Sphinx
    yield from (f"the navigation does not lead to {path}" for path in sorted(pages - reached))


def _of_page(
    name: str, page: ElementTree.Element, files: dict[str, bytes], ids: dict[str, set[str]]
) -> Iterator[str]:
    for element in page.iter():
        tag = str(element.tag).rpartition("}")[2]
        if tag == "script":
            yield "a script"
        address = element.get("href") if tag == "a" else element.get(_LOADS.get(tag, ""))
        if not address:
            continue
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            if tag != "a" and parts.scheme != "data":
                yield f"loads {address} from another host"
            continue
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path)))
        target = path if parts.path else name
        if target not in files:
            yield f"{address} leads nowhere"
        elif parts.fragment and unquote(parts.fragment) not in ids.get(target, set()):
            yield f"{address}: no such anchor"
