"""Laws with the numbers that papers give them, and the conventions these numbers hold under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import Conventions, pf_days_from_flops
from scaling_utils.errors import DataError, clip, did_you_mean
from scaling_utils.laws.forms import Law

if TYPE_CHECKING:
    from scaling_utils.published import Source, Status

ComputeUnit = Literal["FLOP", "PF-day"]
Quantity = Literal["params", "tokens"]
Compute = Literal["flops", "flops_min"]
COMPUTE: tuple[Compute, ...] = ("flops", "flops_min")
"""The variables of forms that are amounts of compute."""


@dataclass(frozen=True)
class KnownLaw:
    """A form with published numbers.

    Parameters
    ----------
    id
        Name for `published_law`.
    form
        The form.
    values
        Its parameters by name, as printed.
    compute_unit
        Unit of compute that `values` are for; None where the form has no compute in it.
    conventions
        How the source counts parameters, FLOPs and loss.
    source
        Bibliography key and place.
    status
        How the numbers were read: ``read-in-source``, ``secondary`` or ``computed``.
    note
        What a reader should know; empty for nothing.

    Examples
    --------
    >>> law = published_law("hoffmann2022")
    >>> round(float(law.loss(params=70e9, tokens=1.4e12)), 3)
    1.937
    """

    id: str
    form: Law
    values: Mapping[str, float]
    compute_unit: ComputeUnit | None
    conventions: Conventions
    source: Source
    status: Status
    note: str

    @property
    def theta(self) -> FloatArray:
        """The printed values in the order of the form's parameters; compute in `compute_unit`."""
        return np.array([self.values[name] for name in self.form.names])

    def loss(self, **variables: Any) -> FloatArray:
        """The loss the law predicts.

        Parameters
        ----------
        **variables
            The variables of the form by name, shape (n,). Compute (`flops`, `flops_min`) is in FLOPs,
            whatever unit the law was printed in.

        Returns
        -------
        ndarray
            In the loss unit of `conventions`, shape (n,).

        Raises
        ------
        DataError
            If a variable is missing, or is not one of the form.

        Examples
        --------
        >>> round(float(published_law("lu2025-moba-30-32").loss(flops=10 * 8.64e19)), 3)
        1.206
        """
        if variables.keys() != set(self.form.variables):
            raise DataError(
                f"the law '{self.id}' predicts the loss from {' and '.join(self.form.variables)}, "
                f"not from {' and '.join(map(clip, variables)) or 'nothing'}"
            )
        return self.form.value(
            self.theta, *(_compute(variables[name], self, name) for name in self.form.variables)
        )


@dataclass(frozen=True)
class AllocationLaw:
    """A published law for the best model size or number of tokens at a budget, without a loss.

    Parameters
    ----------
    id
        Name for `allocation_law`.
    quantity
        What it gives: ``params`` or ``tokens``.
    coefficient
        k of k C^p, as printed; None where the source gives the exponent only.
    exponent
        p.
    variable
        ``flops``, or ``flops_min`` where the law is in C_min, the compute as it would be far below the
        critical batch size (at it, C_min = C / 2).
    compute_unit
        Unit of compute that `coefficient` is for.
    conventions, source, status, note
        As for `KnownLaw`.

    Examples
    --------
    >>> f"{float(allocation_law('porian2024-refinedweb-params').value(1e21)):.3g}"
    '3.24e+09'
    """

    id: str
    quantity: Quantity
    coefficient: float | None
    exponent: float
    variable: Compute
    compute_unit: ComputeUnit
    conventions: Conventions
    source: Source
    status: Status
    note: str

    def value(self, compute: Any) -> FloatArray:
        """Compute-optimal `quantity` at budgets.

        Parameters
        ----------
        compute
            `variable`, in FLOPs, shape (n,).

        Returns
        -------
        ndarray
            Params or tokens, shape (n,).

        Raises
        ------
        DataError
            If the source gives no coefficient.
        """
        if self.coefficient is None:
            raise DataError(
                f"the law '{self.id}' has an exponent ({self.exponent:g}) but no coefficient",
                remedy="It can be compared with other exponents, not evaluated.",
            )
        return np.asarray(self.coefficient * _compute(compute, self, self.variable) ** self.exponent)


def published_law(law_id: str) -> KnownLaw:
    """One published law of the loss by its id.

    Raises
    ------
    DataError
        If there is no such law.

    Examples
    --------
    >>> published_law("besiroglu2024").values["alpha"]
    0.3478
    """
    return _choose(_file()[0], law_id, "law of the loss")


def published_laws() -> dict[str, KnownLaw]:
    """The published laws of the loss by id.

    >>> [name for name in published_laws() if name.startswith("hoffmann")]
    ['hoffmann2022', 'hoffmann2022-unrounded']
    """
    return dict(_file()[0])


def allocation_law(law_id: str) -> AllocationLaw:
    """One published law of allocation by its id.

    Raises
    ------
    DataError
        If there is no such law.

    Examples
    --------
    >>> allocation_law("kaplan2020-params").exponent
    0.73
    """
    return _choose(_file()[1], law_id, "law of allocation")


def allocation_laws() -> dict[str, AllocationLaw]:
    """The published laws of allocation by id.

    >>> allocation_laws()["hoffmann2022-approach2-params"].exponent
    0.4899
    """
    return dict(_file()[1])


_Named = TypeVar("_Named")


def _choose(laws: Mapping[str, _Named], law_id: str, kind: str) -> _Named:
    if law_id in laws:
        return laws[law_id]
    raise DataError(
        f"no published {kind} is called '{clip(str(law_id), 60)}'",
        remedy=did_you_mean(str(law_id), laws),
    )


def _compute(value: Any, law: KnownLaw | AllocationLaw, variable: str) -> FloatArray:
    """A variable in the unit of the law."""
    number = np.asarray(value, dtype=float)
    in_pf_days = variable in COMPUTE and law.compute_unit == "PF-day"
    return np.asarray(pf_days_from_flops(number)) if in_pf_days else number


@cache
def _file() -> tuple[dict[str, KnownLaw], dict[str, AllocationLaw]]:
    from scaling_utils.laws.read import read_laws
    from scaling_utils.runs.registry import data_folder

    return read_laws(data_folder() / "published" / "laws.yaml")
