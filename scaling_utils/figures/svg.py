"""Smaller SVG of the same picture: fewer decimals, no unused ids, one class for what looks alike."""

from __future__ import annotations

import re
from collections import Counter
from itertools import count, groupby
from string import ascii_letters
from xml.etree import ElementTree

from scaling_utils.figures.svg_marks import strung
from scaling_utils.figures.svg_paths import numbers, on_grid, shortened, written
from scaling_utils.figures.svg_text import whole_letters

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_TAG, _HREF = f"{{{SVG}}}", f"{{{XLINK}}}href"

_ONE_POINT = re.compile(r"m-?[\d.]+[- ][\d.]+")
"""Shortened path of a line through a single point, which draws nothing."""

MANY = 80
"""Points from which on a path is one of data or of a curve, told to a tenth of a point."""

_SPACES = re.compile(r"([:;]) +")
_MOVED = re.compile(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)")
_NAMED_BY_NOBODY = re.compile(r"[mp][0-9a-f]{10}|C[0-9a-f]+_\w+|(?:DejaVu|STIX|Cm)\w*-[-\w]+|_m[0-9a-f]+")
"""Ids of definitions: a hash, the name of a glyph, the number of a string of marks."""

_REFERENCE = re.compile(r"(?<=#)[-\w]+")
_GIVEN_BY_MATPLOTLIB = re.compile(r"(?:line2d|patch|text|[xy]tick|[A-Z]\w*Collection|legend|axes|figure)_\d+"
                                  r"|matplotlib\.axis_\d+|image[0-9a-f]{10}")  # fmt: skip


def lean(svg: str) -> str:
    r"""Round coordinates, share styles, string marks, drop ids that nobody gave.

    Coordinates keep two decimals of a point; those of long paths one.

    Parameters
    ----------
    svg
        As matplotlib writes it. Ids that were given to artists, and those of definitions, stay.

    Returns
    -------
    str
        Draws the same, to what the eye can tell.

    Examples
    --------
    >>> drawn = '<g id="line2d_1"><path d="M 0.123456 1 \nL 2 3"/></g>'
    >>> print(lean(f'<svg xmlns="http://www.w3.org/2000/svg">{drawn}</svg>'))
    <svg xmlns="http://www.w3.org/2000/svg"><path d="m.12 1 1.88 2"/></svg>
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)
    for metadata in root.findall(f"{_TAG}metadata"):
        root.remove(metadata)
    whole_letters(root, _TAG, _HREF)
    _simplify(root)
    strung(root, _TAG, _HREF)
    for element in list(root.iter()):
        _clip_together(element)
    _shorten_ids(root)
    _name_styles(root)
    for element in root.iter():
        if _HREF in element.attrib:
            element.set("href", element.attrib.pop(_HREF))  # what SVG 2 calls it
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _simplify(element: ElementTree.Element) -> None:
    element.tail = None
    if element.tag != f"{_TAG}style":
        element.text = None
    if _GIVEN_BY_MATPLOTLIB.fullmatch(element.get("id", "")):
        del element.attrib["id"]
    if "d" in element.attrib:
        path = element.attrib["d"]
        element.set("d", shortened(path, decimals=2 if path.count("\n") < MANY else 1))
    moved = _MOVED.fullmatch(element.get("transform", ""))
    if moved and element.tag == f"{_TAG}use":
        del element.attrib["transform"]
        element.attrib.update(x=moved[1], y=moved[2])
    if element.tag == f"{_TAG}use":
        places = {name: on_grid(numbers(element.attrib.pop(name, "0")))[0] for name in ("x", "y")}
        element.attrib.update({name: written(place) for name, place in places.items() if place})
    if "style" in element.attrib:
        element.set("style", _SPACES.sub(r"\1", element.attrib["style"]))
    for child in element:
        _simplify(child)
    _share_style(element)
    seen = [child for child in element if not _ONE_POINT.fullmatch(child.get("d", ""))]
    flat = [part for child in seen for part in (child if _is_bare_group(child) else (child,))]
    element[:] = _merged(flat)


def _shorten_ids(root: ElementTree.Element) -> None:
    """Rename what was defined under a hash or the name of a glyph: the more it is used, the shorter."""
    ids = {element.get("id", "") for element in root.iter()}
    used = Counter(
        name for e in root.iter() for value in e.attrib.values() for name in _REFERENCE.findall(value)
    )
    defined = sorted(filter(_NAMED_BY_NOBODY.fullmatch, ids), key=lambda name: (-used[name], name))
    free = (name for name in map(_short_name, count()) if name not in ids)
    short = dict(zip(defined, free, strict=False))
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, short.get(value, value))
            elif "#" in value:
                element.set(name, _REFERENCE.sub(lambda found: short.get(found[0], found[0]), value))


def _is_bare_group(element: ElementTree.Element) -> bool:
    return element.tag == f"{_TAG}g" and not element.attrib


def _merged(children: list[ElementTree.Element]) -> list[ElementTree.Element]:
    """Neighbouring groups of marks that differ in nothing but where the marks are, as one."""
    kept: list[ElementTree.Element] = []
    for child in children:
        before = kept[-1] if kept else None
        if (
            before is not None
            and _holds_marks(before)
            and _holds_marks(child)
            and before.attrib == child.attrib
        ):
            before.extend(child)
        else:
            kept.append(child)
    return kept


def _holds_marks(element: ElementTree.Element) -> bool:
    """Whether a group holds marks and nothing else, placed by their own coordinates."""
    return _is_of_marks(element) and not {"transform", "id"} & element.attrib.keys()


def _is_of_marks(element: ElementTree.Element) -> bool:
    return element.tag == f"{_TAG}g" and {child.tag for child in element} == {f"{_TAG}use"}


def _share_style(group: ElementTree.Element) -> None:
    """Give a group the style that all marks in it have."""
    styles = {child.get("style") for child in group}
    if _is_of_marks(group) and len(styles) == 1 and None not in styles and "style" not in group.attrib:
        group.set("style", styles.pop() or "")
        for child in group:
            del child.attrib["style"]


def _clip_together(parent: ElementTree.Element) -> None:
    """Clip neighbours that are clipped alike as one group: what draws a clip, draws a whole layer for it."""
    kept: list[ElementTree.Element] = []
    for clip, run in groupby(parent, lambda child: child.get("clip-path")):
        children = list(run)
        if clip is not None and len(children) > 1:
            for child in children:
                del child.attrib["clip-path"]
            group = ElementTree.Element(f"{_TAG}g", {"clip-path": clip})
            group.extend(children)
            children = [group]
        kept += children
    parent[:] = kept


def _name_styles(root: ElementTree.Element) -> None:
    """Give a class to each look that several elements have, in the style sheet that matplotlib writes."""
    looks = Counter(look for element in root.iter() if (look := _look(element)))
    classes = {look: _short_name(n) for n, (look, times) in enumerate(looks.most_common()) if times > 1}
    for element in root.iter():
        name = classes.get(_look(element))
        if name:
            element.attrib.pop("style", None)
            element.attrib.pop("clip-path", None)
            element.set("class", name)
    sheet = next(root.iter(f"{_TAG}style"), None)
    if sheet is not None:
        rules = "".join(f".{name}{{{look}}}" for look, name in classes.items())
        sheet.text = _SPACES.sub(r"\1", sheet.text or "") + rules


def _look(element: ElementTree.Element) -> str:
    clipped = f"clip-path:{element.attrib['clip-path']}" if "clip-path" in element.attrib else ""
    return ";".join(part for part in (clipped, element.get("style", "")) if part)


def _short_name(number: int) -> str:
    """The next of a, b, ..., Z, aa, ab, ...

    >>> _short_name(0), _short_name(51), _short_name(52), _short_name(105)
    ('a', 'Z', 'aa', 'bb')
    """
    more, letter = divmod(number, len(ascii_letters))
    return (_short_name(more - 1) if more else "") + ascii_letters[letter]
