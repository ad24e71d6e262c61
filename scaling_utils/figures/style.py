"""One look for every figure, and the settings that make a figure the same to the byte each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from scaling_utils.arrays import FloatArray, spaced
from scaling_utils.errors import clip

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.cm import ScalarMappable

CONTRAST = "#c1440e"
"""Fits and projections; distinct from the viridis of the data in all forms of colour blindness."""

INK = "#333333"

LEGEND_ENTRIES = 12

Colour = tuple[float, float, float, float]
"""Red, green, blue and opacity, each from 0 to 1."""


def use_house_style() -> None:
    """Set seaborn's theme and matplotlib's output for every figure that follows."""
    import matplotlib as mpl
    import seaborn as sns

    sns.set_theme(
        context="paper",
        style="ticks",
        font_scale=1.1,
        rc={
            "axes.grid": True,
            "grid.color": "#e6e6e6",
            "grid.linewidth": 0.6,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "figure.constrained_layout.use": True,
            "legend.frameon": False,
        },
    )
    mpl.rcParams["svg.hashsalt"] = "scaling-laws-book"
    mpl.rcParams["savefig.dpi"] = 200
    mpl.rcParams["path.simplify_threshold"] = 0.25  # point: what a printer with 300 dots per inch can show


def in_legend(n: int) -> set[int]:
    """Which of `n` ordered entries a legend names: all, or twelve from the first to the last.

    >>> in_legend(3), len(in_legend(100)), 99 in in_legend(100)
    ({0, 1, 2}, 12, True)
    """
    return set(spaced(n, LEGEND_ENTRIES).tolist())


def ordered_colours(n: int) -> list[tuple[float, ...]]:
    """`n` viridis colours from dark (smallest) to light, without the palest end."""
    import matplotlib as mpl

    return [tuple(map(float, c)) for c in mpl.colormaps["viridis"](np.linspace(0.0, 0.88, max(n, 1)))]


NAME = 28
"""Signs of a name that shares its line or panel with others."""


def colour_scale(values: FloatArray) -> ScalarMappable:
    """Viridis on a log scale, without its palest end: purple smallest, yellow largest."""
    import matplotlib as mpl
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, LogNorm

    shades: Callable[[FloatArray], FloatArray] = mpl.colormaps["viridis"]
    palette = ListedColormap(shades(np.linspace(0, 0.95, 128)).tolist())
    return ScalarMappable(LogNorm(float(np.min(values)), float(np.max(values))), palette)


def colour_at(scale: ScalarMappable, value: float) -> Colour:
    """The colour of a value on a scale."""
    red, green, blue, alpha = (float(part) for part in scale.to_rgba(np.array([value]))[0])
    return red, green, blue, alpha


def literal(text: str, *, most: int = 60) -> str:
    r"""Text from outside for a figure: one line of at most so many signs, its dollar signs no mathematics.

    >>> print(literal(r"$\alpha$ run"))
    \$\alpha\$ run
    """
    return clip(text, most).replace("$", r"\$")


def in_units(value: float) -> str:
    """A count as people write it.

    >>> in_units(6.73e10), in_units(1.4e12), in_units(740), in_units(9.998e8)
    ('67.3B', '1.4T', '740', '1000M')
    """
    for scale, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{float(f'{value / scale:.3g}'):g}{suffix}"
    return f"{value:.3g}"


def plain_ticks(axis: Axis, *, most: float = 1.5, told: Callable[[float], str] = in_units) -> None:
    """Label a logarithmic axis of at most so many decades at 1, 2 and 5: powers of ten are too few there."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    if np.log10(high / low) <= most:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: told(value)))
        axis.set_minor_formatter(NullFormatter())


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def raised(exponent: int) -> str:
    """A power of ten as text.

    >>> raised(20), raised(-5)
    ('10²⁰', '10⁻⁵')
    """
    return f"10{str(exponent).translate(_RAISED)}"


def in_powers(value: float) -> str:
    """A number as text for a figure: mantissa and power of ten.

    >>> in_powers(6e18), in_powers(1e-5), in_powers(5.76e23)
    ('6 × 10¹⁸', '10⁻⁵', '5.76 × 10²³')
    """
    mantissa, exponent = f"{value:.2e}".split("e")
    power = raised(int(exponent))
    return power if float(mantissa) == 1 else f"{float(mantissa):g} × {power}"


def power_of_ten(value: float) -> str:
    r"""A number in TeX as mantissa and power of ten.

    >>> power_of_ten(6e18), power_of_ten(1e21)
    ('$6 \\times 10^{18}$', '$10^{21}$')
    """
    mantissa, exponent = f"{value:.2e}".split("e")
    mantissa = f"{float(mantissa):g}"
    power = f"10^{{{int(exponent)}}}"
    return f"${power}$" if mantissa == "1" else rf"${mantissa} \times {power}$"
