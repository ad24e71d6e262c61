"""Marks of an SVG figure: many of one kind as the corners of one line that shows nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, groupby
from xml.etree import ElementTree

from scaling_utils.figures.svg_paths import shortened

FEWEST = 4
"""Marks from which on a line of them is shorter than an element for each."""

UNSEEN = "fill:none;stroke:none"


def strung(root: ElementTree.Element, svg: str, href: str) -> None:
    """Draw runs of equal marks as the markers of one path each, in the order they had.

    A marker inherits the style of the group in which it is defined, as the marks did.

    Parameters
    ----------
    root
        The figure, its marks placed by `x` and `y`; changed in place.
    svg
        Namespace of its elements, in braces.
    href
        Name of the attribute by which `use` refers.
    """
    use = f"{svg}use"
    names = (f"_m{n:x}" for n in count())
    for group in root.iter(f"{svg}g"):
        if len(group) >= FEWEST and all(child.tag == use for child in group):
            group[:] = [
                element
                for kind, run in groupby(group, lambda mark: _kind(mark, href))
                for element in _string(list(run), kind, names, svg, href)
            ]


def _kind(mark: ElementTree.Element, href: str) -> tuple[str, str] | None:
    """What a mark shows; None where more than its place makes it differ from others."""
    plain = mark.attrib.keys() <= {href, "style", "x", "y"}
    return (mark.attrib[href], mark.get("style", "")) if plain else None


def _string(
    marks: list[ElementTree.Element], kind: tuple[str, str] | None, names: Iterator[str], svg: str, href: str
) -> list[ElementTree.Element]:
    if kind is None or len(marks) < FEWEST:
        return marks
    name = next(names)
    attributes = {"id": name, "markerUnits": "userSpaceOnUse", "overflow": "visible"}
    marker = ElementTree.Element(f"{svg}marker", attributes)
    shown = ElementTree.SubElement(marker, f"{svg}use", {href: kind[0]})
    if kind[1]:
        shown.set("style", kind[1])
    places = [f"{mark.get('x', '0')} {mark.get('y', '0')}" for mark in marks]
    line = shortened("M" + "L".join(places))
    path = ElementTree.Element(f"{svg}path", {"d": line, "style": f"marker:url(#{name});{UNSEEN}"})
    return [marker, path]
