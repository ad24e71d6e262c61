"""Reading the file of published laws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from scaling_utils.conventions import Conventions
from scaling_utils.laws.forms import LAWS
from scaling_utils.laws.known import COMPUTE, AllocationLaw, Compute, ComputeUnit, KnownLaw, Quantity
from scaling_utils.published import Source, Status, read_checked

_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: _Id
    conventions: Conventions
    source: Source
    status: Status
    note: str = ""

    @model_validator(mode="after")
    def _may_be_quoted(self) -> _Entry:
        if self.status == "unverified":
            raise ValueError(f"'{self.id}' is unverified; only laws that may be quoted belong here")
        return self


class _LossLaw(_Entry):
    form: str
    values: dict[str, float]
    compute_unit: ComputeUnit | None = None

    @model_validator(mode="after")
    def _fits_its_form(self) -> _LossLaw:
        form = LAWS.get(self.form)
        if form is None:
            raise ValueError(f"'{self.id}' has the form '{self.form}'; there are {', '.join(LAWS)}")
        if set(self.values) != set(form.names):
            raise ValueError(f"'{self.id}' must give {', '.join(form.names)}")
        for parameter in form.parameters:
            if not parameter.low < self.values[parameter.name] < parameter.high:
                raise ValueError(f"'{self.id}': {parameter.name} is out of bounds")
        if (self.compute_unit is None) != set(form.variables).isdisjoint(COMPUTE):
            raise ValueError(f"'{self.id}': compute_unit belongs to forms in compute, and only to them")
        return self


class _Allocation(_Entry):
    quantity: Quantity
    coefficient: Annotated[float, Field(gt=0)] | None = None
    exponent: Annotated[float, Field(gt=0, lt=1)]
    variable: Compute = "flops"
    compute_unit: ComputeUnit


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    losses: tuple[_LossLaw, ...] = Field(min_length=1)
    allocations: tuple[_Allocation, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> _File:
        ids = [entry.id for entry in (*self.losses, *self.allocations)]
        if len(set(ids)) != len(ids):
            raise ValueError("two laws have the same id")
        return self


def read_laws(path: str | Path) -> tuple[dict[str, KnownLaw], dict[str, AllocationLaw]]:
    """Read and check a file of published laws.

    Parameters
    ----------
    path
        YAML with the lists `losses` and `allocations`.

    Returns
    -------
    losses, allocations : dict
        By id.

    Raises
    ------
    DataError
        If the file is missing, is not YAML, or an entry is wrong.
    """
    file = read_checked(path, _File, what="published laws")
    return (
        {entry.id: KnownLaw(**{**dict(entry), "form": LAWS[entry.form]}) for entry in file.losses},
        {entry.id: AllocationLaw(**dict(entry)) for entry in file.allocations},
    )
