"""Paths of SVG in few characters: points on a grid, each told by its distance from the one before."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

_STEP = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")

_SMOOTH = {"q": "t", "c": "s"}
"""Curves, and the same ones without their first control: it mirrors the last one of the curve before."""


def shortened(path: str, *, times: float = 1.0, decimals: int = 2) -> str:
    """A path of the same points on a grid, each given by its distance from the one before.

    A control of a curve that lies within one step of the grid of where a smooth one would be is left out.

    Parameters
    ----------
    path
        The attribute `d`, in absolute coordinates. One with an arc, which matplotlib never draws, is returned
        as it is.
    times
        What coordinates are multiplied by.
    decimals
        How many decimals they keep.

    Examples
    --------
    >>> shortened("M 10.004 20 L 10.254 19 L 11 19 Q 12 19 12 20 z")
    'm10 20 .25-1h.75q1 0 1 1z'
    >>> shortened("M 64 -64 L 96 -64", times=1 / 6.4, decimals=0)
    'm10-10h5'
    >>> shortened("M 0 0 Q 5 9 10 9 Q 15 9 20 0")
    'm0 0q5 9 10 9t10-9'
    """
    steps = _STEP.findall(path)
    if any(command not in "MLQCZz" for command, _ in steps):
        return path
    told, before = "", ""
    start = here = control = (0, 0)
    for command, given in steps:
        points = on_grid(numbers(given), times=times, decimals=decimals)
        if command in "Zz":
            told, here, before = f"{told}z", start, "z"
            continue
        letter = command.lower()
        if letter in _SMOOTH:
            joins = before in (letter, _SMOOTH[letter])
            mirrored = (2 * here[0] - control[0], 2 * here[1] - control[1]) if joins else here
            if max(abs(points[0] - mirrored[0]), abs(points[1] - mirrored[1])) <= 1:
                letter, points = _SMOOTH[letter], points[2:]
            control = (points[-4], points[-3]) if len(points) > 2 else mirrored
        moves = [n - here[i % 2] for i, n in enumerate(points)]
        if command == "L" and 0 in moves and any(moves):
            letter, moves = ("h", moves[:1]) if moves[0] else ("v", moves[1:])
        follows = letter == before or (letter == "l" and before == "m")  # what follows a move is a line
        row = told_in_a_row(moves, decimals=decimals)
        told += row if follows and row[0] == "-" else f" {row}" if follows else f"{letter}{row}"
        here = (points[-2], points[-1])
        start = here if command == "M" else start
        before = letter
    return told


def numbers(text: str) -> list[float]:
    """Numbers of an attribute."""
    return [float(number) for number in _NUMBER.findall(text)]


def on_grid(values: Iterable[float], *, times: float = 1.0, decimals: int = 2) -> list[int]:
    """Values as whole multiples of the last decimal that is kept."""
    return [round(value * times * 10**decimals) for value in values]


def told_in_a_row(counts: list[int], *, decimals: int = 2) -> str:
    """Numbers of the grid, with a space between two only where they would run into each other.

    >>> told_in_a_row([150, -25, 300, 50, 75])
    '1.5-.25 3 .5.75'
    """
    words = [written(count, decimals=decimals) for count in counts]
    apart = ("" if new[0] == "-" or (new[0] == "." and "." in old) else " " for old, new in pairwise(words))
    return words[0] + "".join(f"{gap}{word}" for gap, word in zip(apart, words[1:], strict=True))


def written(count: int, *, decimals: int = 2) -> str:
    """A number of the grid in as few characters as it takes.

    >>> written(-50), written(120), written(0), written(7, decimals=0)
    ('-.5', '1.2', '0', '7')
    """
    whole, part = divmod(abs(count), 10**decimals)
    digits = f"{whole or ''}{f'.{part:0{decimals}d}'.rstrip('0') if part else ''}"
    return f"{'-' if count < 0 else ''}{digits or 0}"
