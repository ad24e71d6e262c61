"""Sentences on a fitted loss surface for the head of its page."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_utils.allocation import allocate
from scaling_utils.figures.style import in_units
from scaling_utils.laws import KnownLaw
from scaling_utils.results import FitResult


def printed_told(laws: Mapping[str, KnownLaw], flops: float) -> str:
    """What printed constants call for at a budget, in a sentence; without any, why none are compared.

    Parameters
    ----------
    laws
        Published laws of the loss, by the name to show.
    flops
        The budget (FLOPs).

    Examples
    --------
    >>> from scaling_utils.laws import published_law
    >>> printed_told({"Hoffmann, as printed": published_law("hoffmann2022")}, 5.76e23)
    'Printed constants call for 32.2B (Hoffmann, as printed).'
    """
    if not laws:
        return "Printed constants are not set beside these: they hold for the text and tokens of their paper."
    sizes = (f"{in_units(allocate(law, flops).params.value)} ({name})" for name, law in laws.items())
    return f"Printed constants call for {', '.join(sizes)}."


def status_told(fit: FitResult) -> str:
    """The status of a fit in a sentence, and whether its numbers are to be used.

    Parameters
    ----------
    fit
        Result of `fit_parametric`.
    """
    usable = "" if fit.status == "converged" else ": do not use these numbers"
    return f"The status of the fit is {fit.status}{usable}."
