r"""What the count of parameters does to the exponent of the best size.

Small models hold most of their parameters in the embedding. A law in all parameters, read in parameters
without embeddings and in the compute that goes with them, is therefore no power law at small sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scaling_utils.allocation.shape import ModelShape, converted
from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import ParamCount, tokens_for, training_flops
from scaling_utils.errors import DataError
from scaling_utils.laws import HoffmannLaw

COUNTS: dict[str, tuple[ParamCount, ParamCount]] = {
    "neither": ("non-embedding", "non-embedding"),
    "compute": ("non-embedding", "total"),
    "both": ("total", "total"),
}
"""How N and C count parameters, by what counts the embeddings."""

GRID = 1000
GRID_SIZES = np.logspace(2.9, 9.2, 20)
GRID_BUDGETS = np.logspace(12.95, 20.7, 100)
"""Sizes and budgets without embeddings of the simulation by Pearce and Song 2024 (released script)."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """Compute-optimal sizes along which a law in all parameters is recounted.

    Parameters
    ----------
    inner
        Parameters outside of the embeddings, rising.
    params
        The same models as N counts them.
    tokens
        Their compute-optimal tokens.
    flops
        C = 6 N' D with N' as C counts parameters; rising.
    """

    inner: FloatArray
    params: FloatArray
    tokens: FloatArray
    flops: FloatArray

    @property
    def exponents(self) -> FloatArray:
        """Local exponent of N_opt in C at each size."""
        return np.asarray(np.gradient(np.log(self.params), np.log(self.flops)))

    @property
    def exponent(self) -> float:
        """Slope of the line that least squares puts through ln N_opt at evenly spaced ln C."""
        return float(self._line()[0])

    def line(self, flops: FloatArray) -> FloatArray:
        """N_opt (params) on that line at budgets `flops`."""
        return np.asarray(np.exp(np.polyval(self._line(), np.log(flops))))

    def _line(self) -> FloatArray:
        log_c = np.log(self.flops)
        even = np.linspace(log_c[0], log_c[-1], GRID)
        return np.polyfit(even, np.interp(even, log_c, np.log(self.params)), 1)


def recounted_frontier(
    law: HoffmannLaw, smallest: float, largest: float, *, counts: str = "neither", shape: ModelShape
) -> Frontier:
    r"""Best sizes by a law in all parameters, counted otherwise.

    The loss is that of all parameters T(N); a budget counts M(N) of them, C = 6 M D. At the best size

    .. math:: \alpha A\,T^{-\alpha - 1}\,T' = \beta B\,D^{-\beta}\,M' / M .

    Parameters
    ----------
    law
        The loss in all parameters and tokens.
    smallest, largest
        Range of sizes (params outside of the embeddings).
    counts
        What counts the embeddings: ``"neither"`` N nor C, ``"compute"`` only, or ``"both"``.
    shape
        How many parameters the embedding of a model of given size holds.

    Returns
    -------
    Frontier

    Raises
    ------
    DataError
        If the range is empty, or compute does not rise with size along it.

    Notes
    -----
    *Source*: Pearce and Song 2024, who derive the frontier for N and C without embeddings.

    Examples
    --------
    >>> law = HoffmannLaw(E=1.8172, A=482.01, B=2085.43, alpha=0.3478, beta=0.3658)
    >>> shape = ModelShape(vocab=32_000, aspect=39.2)
    >>> [round(recounted_frontier(law, 768, 1.5e9, counts=c, shape=shape).exponent, 3) for c in COUNTS]
    [0.788, 0.863, 0.513]
    """
    if not 0 < smallest < largest:
        raise DataError(f"sizes from {smallest:g} to {largest:g} are no range; the smaller comes first")
    params_count, flops_count = COUNTS[counts]
    inner = np.geomspace(smallest, largest, GRID)
    total, counted = (converted(inner, "non-embedding", c, shape) for c in ("total", flops_count))
    # the embedding grows as the cube root of the rest, so it adds a third of its share to the slope
    total_slope, counted_slope = ((1 + (count / inner - 1) / 3) for count in (total, counted))
    gain = law.alpha * law.A * total ** -(law.alpha + 1) * total_slope
    tokens = (law.beta * law.B * counted_slope / counted / gain) ** (1 / law.beta)
    flops = training_flops(counted, tokens)
    if not (np.diff(flops) > 0).all():
        raise DataError("with these embeddings the best size does not rise with compute over these sizes")
    params = converted(inner, "non-embedding", params_count, shape)
    return Frontier(inner, params, tokens, flops)


def grid_exponent(
    law: HoffmannLaw,
    *,
    shape: ModelShape,
    sizes: FloatArray = GRID_SIZES,
    budgets: FloatArray = GRID_BUDGETS,
) -> float:
    """Exponent of N_opt, without embeddings in N and C, where only some sizes are trained.

    Parameters
    ----------
    law, shape
        As for `recounted_frontier`.
    sizes
        The sizes (params outside of the embeddings); at each budget the best of them is taken.
    budgets
        Compute without embeddings (FLOPs).

    Returns
    -------
    float
        Slope of the line through ln N_opt against ln C.

    Notes
    -----
    *Source*: Pearce and Song 2024, whose released script has 20 sizes and 100 budgets.

    Examples
    --------
    >>> law = HoffmannLaw(E=1.8172, A=482.01, B=2085.43, alpha=0.3478, beta=0.3658)
    >>> round(grid_exponent(law, shape=ModelShape(vocab=32_000, aspect=39.2)), 3)
    0.775
    """
    total = converted(sizes, "non-embedding", "total", shape)
    loss = law.loss(total[:, None], tokens_for(budgets, sizes[:, None]))
    best = sizes[np.argmin(loss, axis=0)]
    return float(np.polyfit(np.log(budgets), np.log(best), 1)[0])
