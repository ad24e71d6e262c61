"""Labels of an SVG figure: outlines of letters in whole numbers."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from scaling_utils.figures.svg_paths import numbers, on_grid, shortened, told_in_a_row

GLYPH = "scale(0.015625)"
"""How matplotlib scales the outline of a letter, a 64th, to a label in which a letter is 100 units high."""

FINER = 5
"""Units of a label in one of matplotlib's: a letter is 500 high, so that no coordinate needs a decimal."""

_STEP = re.compile(r"(translate|rotate|scale)\(([^)]+)\)")


def whole_letters(root: ElementTree.Element, svg: str, href: str) -> None:
    """Give letters, and their places in labels, whole coordinates in a finer unit.

    Parameters
    ----------
    root
        The figure, as matplotlib writes it; changed in place.
    svg
        Namespace of its elements, in braces.
    href
        Name of the attribute by which `use` refers.
    """
    letters = {
        f"#{path.get('id')}": path for path in root.iter(f"{svg}path") if path.get("transform") == GLYPH
    }
    for path in letters.values():
        del path.attrib["transform"]
        if "d" in path.attrib:  # a space has none
            path.set("d", shortened(path.attrib["d"], times=FINER / 64, decimals=0))
    for label in root.iter(f"{svg}g"):
        if any(child.get(href) in letters for child in label):
            steps = _STEP.findall(label.attrib["transform"])
            label.set("transform", "".join(_placed(kind, given) for kind, given in steps))
            for child in label:
                if "transform" in child.attrib:
                    steps = _STEP.findall(child.attrib["transform"])
                    child.set("transform", "".join(_raised(kind, given) for kind, given in steps))
                elif "d" in child.attrib:  # the bar of a fraction or of a root
                    child.set("d", shortened(child.attrib["d"], times=FINER, decimals=0))


def _placed(kind: str, given: str) -> str:
    """A step of the transform of a label."""
    if kind == "translate":
        return f"translate({told_in_a_row(on_grid(numbers(given)))})"
    if kind == "scale":
        sizes = told_in_a_row(on_grid(numbers(given), times=1 / FINER, decimals=6), decimals=6)
        return f"scale({sizes})"
    return f"{kind}({given})"


def _raised(kind: str, given: str) -> str:
    """A step of the transform of a letter in its label."""
    if kind == "translate":
        return f"translate({' '.join(map(str, on_grid(numbers(given), times=FINER, decimals=0)))})"
    return f"{kind}({given})"
