"""Smaller SVG of the same picture: fewer decimals, no unused ids, one style for marks that share it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"

_STEP = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_SPACES = re.compile(r"([:;]) +")
_MOVED = re.compile(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)")
_DEFINED_BY_MATPLOTLIB = re.compile(r"[mp][0-9a-f]{10}|C[0-9a-f]+_\w+|(?:DejaVu|STIX|Cm)\w*-[-\w]+")
_REFERENCE = re.compile(r"((?:url\()?#)([^()]+)(\)?)")
_GIVEN_BY_MATPLOTLIB = re.compile(r"(?:line2d|patch|text|[xy]tick|[A-Z]\w*Collection|legend|axes|figure)_\d+"
                                  r"|matplotlib\.axis_\d+")  # fmt: skip


def lean(svg: str) -> str:
    r"""Round coordinates to a hundredth of a point, share styles between marks, drop ids nobody gave.

    Parameters
    ----------
    svg
        As matplotlib writes it. Ids that were given to artists, and those of definitions, stay.

    Returns
    -------
    str
        Draws the same to within a hundredth of a point.

    Examples
    --------
    >>> drawn = '<g id="line2d_1"><path d="M 0.123456 1 \nL 2 3"/></g>'
    >>> print(lean(f'<svg xmlns="http://www.w3.org/2000/svg">{drawn}</svg>'))
    <svg xmlns="http://www.w3.org/2000/svg"><path d="M.12 1l1.88 2"/></svg>
    """
    for prefix, address in (("", SVG), ("xlink", XLINK)):
        ElementTree.register_namespace(prefix, address)
    root = ElementTree.fromstring(svg)
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    _simplify(root)
    _shorten_ids(root)
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _simplify(element: ElementTree.Element) -> None:
    element.tail = None
    if element.tag != f"{{{SVG}}}style":
        element.text = None
    if _GIVEN_BY_MATPLOTLIB.fullmatch(element.get("id", "")):
        del element.attrib["id"]
    if "d" in element.attrib:
        element.set("d", shortened(element.attrib["d"]))
    moved = _MOVED.fullmatch(element.get("transform", ""))
    if moved and element.tag == f"{{{SVG}}}use":
        del element.attrib["transform"]
        element.attrib.update(x=moved[1], y=moved[2])
    if element.tag == f"{{{SVG}}}use":
        places = {name: _hundredths(element.attrib.pop(name, "0"))[0] for name in ("x", "y")}
        element.attrib.update({name: _written(place) for name, place in places.items() if place})
    if "style" in element.attrib:
        element.set("style", _SPACES.sub(r"\1", element.attrib["style"]))
    for child in element:
        _simplify(child)
    _share_style(element)
    flat = [part for child in element for part in (child if _is_bare_group(child) else (child,))]
    element[:] = _merged(flat)


def shortened(path: str) -> str:
    """A path of the same points to a hundredth, each given by its distance from the one before.

    >>> shortened("M 10.004 20 L 10.254 19 L 11 19 Q 12 19 12 20 z")
    'M10 20l.25-1 .75 0q1 0 1 1z'
    """
    told, before = "", ""
    start = here = (0, 0)
    for command, numbers in _STEP.findall(path):
        if command not in "MLQCZz":
            return path  # matplotlib writes no other; an arc or the like stays as it is
        points = _hundredths(numbers)
        if command in "Zz":
            told, here = f"{told}z", start
        elif command == "M":
            told, start = f"{told}M{_row(points)}", (points[0], points[1])
        else:
            steps = _row([n - here[i % 2] for i, n in enumerate(points)])
            gap = " " if steps[0] != "-" else ""
            told += f"{gap}{steps}" if command == before else f"{command.lower()}{steps}"
        if points:
            here = (points[-2], points[-1])
        before = command
    return told


def _hundredths(numbers: str) -> list[int]:
    return [round(100 * float(number)) for number in _NUMBER.findall(numbers)]


def _row(hundredths: list[int]) -> str:
    first, *others = map(_written, hundredths)
    return first + "".join(number if number[0] == "-" else f" {number}" for number in others)


def _written(hundredths: int) -> str:
    whole, part = divmod(abs(hundredths), 100)
    digits = f"{whole or ''}{f'.{part:02d}'.rstrip('0') if part else ''}"
    return f"{'-' if hundredths < 0 else ''}{digits or 0}"


def _shorten_ids(root: ElementTree.Element) -> None:
    """Number what matplotlib defined under a hash or the name of a glyph."""
    defined = [e.get("id", "") for e in root.iter() if _DEFINED_BY_MATPLOTLIB.fullmatch(e.get("id", ""))]
    short = {name: f"_{n:x}" for n, name in enumerate(dict.fromkeys(defined))}
    for element in root.iter():
        for name, value in element.attrib.items():
            match = _REFERENCE.fullmatch(value)
            if name == "id" and value in short:
                element.set(name, short[value])
            elif match and match[2] in short:
                element.set(name, f"{match[1]}{short[match[2]]}{match[3]}")


def _is_bare_group(element: ElementTree.Element) -> bool:
    return element.tag == f"{{{SVG}}}g" and not element.attrib


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
    return element.tag == f"{{{SVG}}}g" and {child.tag for child in element} == {f"{{{SVG}}}use"}


def _share_style(group: ElementTree.Element) -> None:
    """Give a group the style that all marks in it have."""
    styles = {child.get("style") for child in group}
    if _is_of_marks(group) and len(styles) == 1 and None not in styles and "style" not in group.attrib:
        group.set("style", styles.pop() or "")
        for child in group:
            del child.attrib["style"]
