"""Numbers that papers state, each with its source and how it was read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scaling_utils.errors import DataError, clip, did_you_mean
from scaling_utils.runs.dataset import first_problem
from scaling_utils.runs.registry import data_folder
from scaling_utils.yaml_files import from_yaml

_Model = TypeVar("_Model", bound=BaseModel)

Status = Literal["read-in-source", "secondary", "computed", "unverified"]

_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_STATED = re.compile(rf"(\w+) \(({_NUMBER}), ({_NUMBER})\)")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """Where a number is stated: key of the bibliography, and place in that work."""

    bibkey: str
    locator: str


class Interval(_Strict):
    """A stated interval, in the unit of its value; `level` says of what kind it is."""

    low: float
    high: float
    level: str

    @model_validator(mode="after")
    def _ordered(self) -> Interval:
        if not self.low < self.high:
            raise ValueError(f"the interval ({self.low}, {self.high}) is not in order")
        return self


class Published(_Strict):
    """One published result.

    Parameters
    ----------
    id
        Name for `published`.
    quantity
        What it is.
    value
        A number, a text, or numbers by name (for several data sets, one level deeper).
    uncertainty
        As stated: ``"LEVEL: name (low, high), ..."``; None where none is stated.
    unit
        Unit of the value; None for pure numbers.
    source
        Bibliography key and place.
    status
        How the number was read: ``read-in-source``, ``secondary`` or ``computed``.
    note
        What a reader should know.
    """

    id: str
    quantity: str
    value: float | str | Mapping[str, float | Mapping[str, float]]
    uncertainty: str | None = None
    unit: str | None = None
    source: Source
    status: Status
    note: str | None = None

    def values(self) -> dict[str, float]:
        """The named numbers; names of deeper levels are joined by a space.

        Empty where the value is a single number or a text.

        >>> published("hoff.TA2").values()["GitHub a"]
        0.53
        """
        numbers: dict[str, float] = {}
        for name, value in self.value.items() if isinstance(self.value, Mapping) else ():
            if isinstance(value, Mapping):
                numbers |= {f"{name} {inner}": number for inner, number in value.items()}
            else:
                numbers[name] = value
        return numbers

    def intervals(self) -> dict[str, Interval]:
        """The stated intervals by the name of their value; empty where none is stated.

        >>> published("porian.rw.step4").intervals()["a"]
        Interval(low=0.491, high=0.505, level='95 % bootstrap')
        """
        if self.uncertainty is None:
            return {}
        level, _, stated = self.uncertainty.partition(": ")
        return {
            name: Interval(low=float(low), high=float(high), level=level)
            for name, low, high in _STATED.findall(stated)
        }

    @model_validator(mode="after")
    def _intervals_belong(self) -> Published:
        if self.uncertainty is not None:
            _, _, stated = self.uncertainty.partition(": ")
            if not re.fullmatch(rf"{_STATED.pattern}(, {_STATED.pattern})*", stated):
                raise ValueError("uncertainty does not read 'LEVEL: name (low, high), ...'")
            strangers = self.intervals().keys() - self.values().keys()
            if strangers:
                raise ValueError(f"uncertainty names {sorted(strangers)}, which value does not")
        return self


class _File(_Strict):
    facts: tuple[Published, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> _File:
        ids = [fact.id for fact in self.facts]
        if len(set(ids)) != len(ids):
            raise ValueError("two facts have the same id")
        return self


def published(fact_id: str) -> Published:
    """One published result by its id.

    Raises
    ------
    DataError
        If there is no such id, or its status is ``unverified``.

    Examples
    --------
    >>> published("hoff.A2").value
    {'a': 0.49, 'b': 0.51}
    >>> published("hoff.gopher").value, published("hoff.gopher").unit
    (5.76e+23, 'FLOP')
    """
    return choose(_facts(), fact_id)


def published_ids() -> frozenset[str]:
    """Ids of all published results.

    >>> "hoff.A2" in published_ids()
    True
    """
    return frozenset(_facts())


def read_published(path: str | Path) -> dict[str, Published]:
    """Read and check a file of published results, by id.

    Raises
    ------
    DataError
        If the file is missing, is not YAML, or an entry does not follow `Published`.
    """
    return {fact.id: fact for fact in read_checked(path, _File, what="published values").facts}


def read_checked(path: str | Path, model: type[_Model], *, what: str) -> _Model:
    """A YAML file that follows a model.

    Parameters
    ----------
    path
        The file.
    model
        Pydantic model of the whole document.
    what
        What the file holds, in the plural, for messages.

    Raises
    ------
    DataError
        If the file is missing, is not YAML, or does not follow the model.
    """
    import yaml

    try:
        return model.model_validate(from_yaml(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{what} cannot be read ({clip(str(error))})", file=path) from error
    except ValidationError as error:
        raise DataError(f"{what} are wrong: {first_problem(error)}", file=path) from error


def choose(facts: Mapping[str, Published], fact_id: str) -> Published:
    """One of several published results, if it may be quoted.

    Raises
    ------
    DataError
        If there is no such id, or its status is ``unverified``.
    """
    if fact_id not in facts:
        raise DataError(
            f"no published value is called '{clip(str(fact_id), 60)}'",
            remedy=did_you_mean(fact_id, facts),
        )
    if facts[fact_id].status == "unverified":
        raise DataError(
            f"the published value '{fact_id}' is unverified: readings of it conflict",
            remedy="Read it again in the source before quoting it.",
        )
    return facts[fact_id]


@cache
def _facts() -> dict[str, Published]:
    return read_published(data_folder() / "published" / "published.yaml")
