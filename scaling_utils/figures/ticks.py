"""Powers of ten on logarithmic axes, as text."""

from __future__ import annotations

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.scale import LogTransform
from matplotlib.ticker import LogFormatterSciNotation

from scaling_utils.figures.style import in_powers


class Powers(LogFormatterSciNotation):
    """Labels the ticks that matplotlib would label, with 10²⁰ and 6 × 10²⁰ in place of TeX."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The label of a tick; empty for one that has none."""
        return in_powers(x) if super().__call__(x, pos) else ""


def plain_powers(figure: Figure) -> None:
    """Write powers of ten on the logarithmic axes of a figure as text, where no other labels were chosen.

    Every file of a figure would parse the TeX of every tick anew, which takes longer than drawing it.
    """
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if _is_decadic(axis):
                if type(axis.get_major_formatter()) is LogFormatterSciNotation:
                    axis.set_major_formatter(Powers())
                if type(axis.get_minor_formatter()) is LogFormatterSciNotation:
                    axis.set_minor_formatter(Powers())


def _is_decadic(axis: Axis) -> bool:
    transform = axis.get_transform()
    return isinstance(transform, LogTransform) and transform.base == 10
