"""What the page of new findings says about readings of Hoffmann's figure; needs the earlier reading."""

from __future__ import annotations

from scaling_utils.book.comparisons.parametric import COLOUR, NOTEBOOK, OURS, symbol
from scaling_utils.book.comparisons.rows import UNKNOWN, fixed, with_interval
from scaling_utils.book.project import Project
from scaling_utils.book.results import Results
from scaling_utils.book.tables import table
from scaling_utils.published import published

ABSENT = (
    "The numbers of this section need {what}, a public file that was not at hand when this book was built. "
    f"{{{{doc}}}}`Its page </notebooks/{NOTEBOOK}/{COLOUR}>` says how to get it.\n"
)


def comparison(project: Project, results: Results) -> str:
    """The exponent by how the losses were read, in a table and in words.

    Parameters
    ----------
    project
        The book.
    results
        What the executed notebooks published.
    """
    ours, colour = (results.get((NOTEBOOK, name)) for name in (OURS, COLOUR))
    if not ours or not colour:
        return ABSENT.format(what="the earlier reading of the figure")
    show, fine = fixed(".3f"), fixed(".4f")
    rows: list[tuple[str, ...]] = [
        ("earlier reading, all losses by colour", with_interval(colour["a"], show), show(colour["sd_a"])),
        (
            "the same, losses of the slices replaced by ours (by position)",
            show(colour["only_position_a"]),
            UNKNOWN,
        ),
        ("the same, the other losses replaced by ours", show(colour["only_colour_a"]), UNKNOWN),
        ("our reading", with_interval(ours["a"], show), show(ours["sd_a"])),
        ("our reading, redrawn within its bounds", show(ours["redrawn_a"]), fine(ours["redrawn_sd"])),
        (
            "our reading, redrawn as if all were read by colour",
            show(ours["coarse_a"]),
            fine(ours["coarse_sd"]),
        ),
    ]
    apart, low, high = (colour[f"difference_{end}"] for end in ("a", "low", "high"))
    verdict = "not significant" if low <= 0 <= high else "significant"
    return (
        table(("Losses", "$a$", "standard deviation"), rows)
        + "\nThe difference of the two readings is "
        + f"{apart:+.3f}, {apart / ours['sd_a']:.1f} of a standard error of either. It is {verdict}: "
        + "fitted to the same resamples of the runs, the two differ with a standard deviation of "
        + f"{colour['difference_sd']:.3f}, and 95 % of the differences lie between {low:+.3f} and "
        + f"{high:+.3f}. "
        + "It comes from the reading all the same: giving the finely read losses the error of the colour bar "
        + f"spreads the exponent over {ours['coarse_low']:.3f} to {ours['coarse_high']:.3f} "
        + f"(95 % of the draws), and the earlier value, {colour['a']['value']:.3f}, lies "
        + f"{_place(colour['a']['value'], ours['coarse_low'], ours['coarse_high'])} this span. "
        + f"With our reading the error from reading alone is {ours['redrawn_sd']:.4f}.\n"
    )


def printed_constants(project: Project, results: Results) -> str:
    """Which objective the printed constants are the optimum of, in a table and in words.

    Parameters
    ----------
    project, results
        As for `comparison`.
    """
    colour = results.get((NOTEBOOK, COLOUR))
    if not colour:
        return ABSENT.format(what="the points of that replication")
    stated, errors = published("besi.ci95"), published("besi.se").values()
    rows: list[tuple[str, ...]] = []
    for name, value in stated.values().items():
        show = fixed(".2f" if name in "AB" else ".4f")
        optima = [colour[f"{name}_lad"]["value"], colour[name]["value"]]
        nearest = min(optima, key=lambda optimum: abs(optimum - value))
        rows.append(
            (
                symbol(name),
                show(value),
                *(f"**{show(optimum)}**" if optimum == nearest else show(optimum) for optimum in optima),
                *map(show, (errors[name], colour[f"sd_{name}_lad"], colour[f"sd_{name}"])),
            )
        )
    header = ("", "printed", "least absolute", "Huber", "printed error", "least absolute", "Huber")
    return table(header, rows) + (
        "\nThe nearer optimum is in bold; the last two columns are standard deviations of the bootstrap "
        "under each objective.\n"
    )


def _place(value: float, low: float, high: float) -> str:
    return "inside" if low <= value <= high else "outside"
