"""What the fit of a law returns, and its file format."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from scaling_utils.arrays import FloatArray
from scaling_utils.conventions import Conventions
from scaling_utils.errors import ConventionError, DataError, clip
from scaling_utils.results.estimate import Estimate

FitStatus = Literal["converged", "starts disagree", "bound hit", "ill-conditioned", "too few runs"]

MAX_FAILED = 0.05
"""If more of the resamples have no answer, the runs as they are have one by luck."""

SCHEMA = "scaling-laws-book/fit"
VERSION = 1


@dataclass(frozen=True, eq=False)
class FitResult:
    """A law fitted to runs.

    Parameters
    ----------
    method
        How: ``"approach3"``, ``"kaplan-ns"``, ``"power-law"``, ...
    law
        Id of the law in `scaling_utils.laws.LAWS`.
    status
        ``"converged"``: several starts met in the optimum, and the data determine every parameter.
        ``"starts disagree"``: another set of parameters is as good, or one start only found this one.
        ``"bound hit"``: a parameter ran to a bound, or a term of the law vanished.
        ``"ill-conditioned"``: parameters trade off so that the data, or more than 5 % of the bootstrap
        resamples of them, do not determine them.
        ``"too few runs"``: fewer distinct runs than the law needs; every estimate is NaN.
        Only with the first status may the numbers be used without a look at the diagnostics.
    n_runs
        Runs fitted.
    estimates
        The law's parameters by name, and what follows from them (such as the exponent a of N_opt).
    conventions
        How params, flops and loss were counted.
    provenance
        What identifies the fit: source, sha256, objective, seed, ... (text, finite numbers, None).
    diagnostics
        Numbers on the quality of the fit: objective, starts, share_agreeing, condition, ...
    draws
        Bootstrap draws by name, all of one length; empty without a bootstrap.
    lmfit_result
        The `lmfit.minimizer.MinimizerResult`, for experts; its standard errors do not hold for a
        robust fit. It is not part of the JSON and plays no part in ``==``.

    Examples
    --------
    >>> fit = FitResult("power-law", "power-law", "converged", 12, {"g": Estimate(0.05, 0.04, 0.06)})
    >>> FitResult.from_json(fit.to_json()) == fit
    True
    """

    method: str
    law: str
    status: FitStatus
    n_runs: int
    estimates: Mapping[str, Estimate]
    conventions: Conventions = field(default_factory=Conventions)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    draws: Mapping[str, FloatArray] = field(default_factory=dict, repr=False)
    lmfit_result: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if len({len(values) for values in self.draws.values()}) > 1:
            raise ValueError("the draws of a fit must all have the same length")

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, FitResult) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it holds mappings and arrays

    @property
    def converged(self) -> bool:
        """Whether the status is ``"converged"``."""
        return self.status == "converged"

    def values(self, *names: str) -> FloatArray:
        """Estimates of `names` (of everything without names) as an array."""
        return np.array([self.estimates[name].value for name in names or self.estimates])

    def table(self) -> pd.DataFrame:
        """One row per estimate, the index: value, interval and unit."""
        return pd.DataFrame(
            {
                "value": [e.value for e in self.estimates.values()],
                "low": [e.low for e in self.estimates.values()],
                "high": [e.high for e in self.estimates.values()],
                "unit": [e.unit for e in self.estimates.values()],
            },
            index=pd.Index(self.estimates, name="quantity"),
        )

    def to_json(self) -> str:
        """The fit as JSON text: everything but the lmfit result.

        A number that JSON lacks is null (NaN) or the text ``"inf"`` or ``"-inf"``.
        """
        document = {
            "schema": SCHEMA,
            "version": VERSION,
            "method": self.method,
            "law": self.law,
            "status": self.status,
            "n_runs": self.n_runs,
            "estimates": {
                name: {
                    "value": _encode(e.value),
                    "low": _encode(e.low),
                    "high": _encode(e.high),
                    "unit": e.unit,
                    "level": e.level,
                }
                for name, e in self.estimates.items()
            },
            "conventions": self.conventions.as_dict(),
            "provenance": dict(self.provenance),
            "diagnostics": {name: _encode(value) for name, value in self.diagnostics.items()},
            "draws": {name: [_encode(v) for v in values.tolist()] for name, values in self.draws.items()},
        }
        return json.dumps(document, ensure_ascii=False, allow_nan=False)

    @classmethod
    def read(cls, path: str | Path) -> FitResult:
        """Read a file that holds what `to_json` wrote.

        Raises
        ------
        DataError
            If the file cannot be read, or `from_json` refuses it.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            what = error.strerror if isinstance(error, OSError) else "it is not text"
            raise DataError(f"the fit cannot be read ({what})", file=path) from None
        return cls.from_json(text, file=str(path))

    @classmethod
    def from_json(cls, text: str, *, file: str | None = None) -> FitResult:
        """Read back what `to_json` wrote.

        Parameters
        ----------
        text
            JSON text.
        file
            Where it came from, for messages.

        Raises
        ------
        DataError
            If it is not JSON, not a fit, of another version, or damaged.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"this is not JSON ({clip(str(error), 80)})", file=file) from None
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise DataError(
                f"this JSON is not a fit: its schema is not '{SCHEMA}'",
                file=file,
                remedy="Give a file written by 'scaling-book fit --json'.",
            )
        if document.get("version") != VERSION:
            raise DataError(
                f"version {clip(repr(document.get('version')), 20)} of the fit format is not understood; "
                f"this program reads version {VERSION}",
                file=file,
                remedy="Make the fit again with this version of the program.",
            )
        try:
            return _decode(document)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, ConventionError) as error:
            what = f"{type(error).__name__}: {error}"
            raise DataError(
                f"the fit is damaged ({clip(what, 80)})", file=file, remedy="Make it again."
            ) from None


def _decode(document: Mapping[str, Any]) -> FitResult:
    if document["status"] not in get_args(FitStatus):
        raise ValueError(f"status {document['status']!r}")
    if type(document["n_runs"]) is not int or document["n_runs"] < 0:
        raise ValueError(f"n_runs {document['n_runs']!r}")
    json.dumps(document["provenance"], allow_nan=False)  # what cannot be written again is refused
    return FitResult(
        method=_text(document["method"]),
        law=_text(document["law"]),
        status=document["status"],
        n_runs=document["n_runs"],
        estimates={
            name: Estimate(
                _number(e["value"]),
                _number(e["low"]),
                _number(e["high"]),
                _text(e["unit"]),
                _level(e["level"]),
            )
            for name, e in document["estimates"].items()
        },
        conventions=Conventions(**document["conventions"]),
        provenance=dict(document["provenance"]),
        diagnostics={name: _number(value) for name, value in document["diagnostics"].items()},
        draws={
            name: np.array([_number(v) for v in values], dtype=float)
            for name, values in document["draws"].items()
        },
    )


def _encode(value: float) -> float | str | None:
    number = float(value)
    if math.isnan(number):
        return None
    return number if math.isfinite(number) else repr(number)


def _number(value: object) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not (isinstance(value, int | float) or value in ("inf", "-inf")):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def _level(value: object) -> float:
    level = _number(value)
    if not 0 < level < 1:
        raise ValueError(f"level {value!r}")
    return level


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
