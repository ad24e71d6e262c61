r"""What N, C and the loss mean: the conventions that travel with every table of runs.

Two tables may be compared only if they count parameters, FLOPs and loss by the same rules.

Notes
-----
*Source*: Kaplan et al. 2020, section 2.1 (:math:`C \approx 6 N D`, N without embeddings, PF-days);
Hoffmann et al. 2022, appendix F (N with embeddings); Porian et al. 2024, section 3.2 (N without
embeddings but with the output layer).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from scaling_utils.errors import ConventionError

PF_DAY = 8.64e19
"""FLOPs in one PF-day: 1e15 FLOP/s for 86,400 s (Kaplan et al. 2020, section 1.3)."""

FLOPS_PER_PARAM_TOKEN = 6.0
"""Training FLOPs per parameter and token: 2 forward, 4 backward (Kaplan et al. 2020, section 2.1)."""

FlopRule = Literal["6ND", "reported"]
ParamCount = Literal["total", "non-embedding", "non-embedding-with-head"]
LossUnit = Literal["nats/token", "nats/byte", "bits/token", "bits/byte"]


@dataclass(frozen=True)
class Conventions:
    """How a table counts FLOPs and parameters, and the unit of its loss.

    Parameters
    ----------
    flop_rule
        ``"6ND"``: flops, params and tokens satisfy C = 6 N D, so any two give the third.
        ``"reported"``: flops are as the source counted them; nothing is derived from them.
    param_count
        ``"total"``, ``"non-embedding"``, or ``"non-embedding-with-head"`` (output layer counted).
    loss_unit
        Unit of the loss column.
    """

    flop_rule: FlopRule = "6ND"
    param_count: ParamCount = "total"
    loss_unit: LossUnit = "nats/token"

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in fields(self):
            allowed, given = get_args(hints[field.name]), getattr(self, field.name)
            if given not in allowed:
                raise ConventionError(
                    f"{field.name} is {given!r}; it must be one of {', '.join(map(repr, allowed))}"
                )

    def as_dict(self) -> dict[str, Any]:
        """The conventions as a plain dictionary, for JSON and for tables."""
        return asdict(self)

    def require_same(self, other: Conventions, *, names: tuple[str, str] = ("left", "right")) -> None:
        """Refuse to mix two tables that count differently, and say which conversion to use.

        Raises
        ------
        ConventionError
            If any convention differs.
        """
        differing = [f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name)]
        if differing:
            clauses = [
                f"{name} is {getattr(self, name)!r} in {names[0]} but {getattr(other, name)!r} in {names[1]}"
                f" ({_CONVERSION[name]})"
                for name in differing
            ]
            raise ConventionError("tables with different conventions cannot be mixed: " + "; ".join(clauses))


_CONVERSION = {
    "flop_rule": "drop the flops column of both and fill it from params and tokens with with_flop_rule('6ND')",
    "param_count": "convert with total_params(params, vocab, width) or non_embedding_params(...)",
    "loss_unit": "convert with with_loss_unit(...); per byte against per token needs the bytes per token",
}


def training_flops(params: Any, tokens: Any) -> Any:
    """Training FLOPs, C = 6 N D, in floats (int64 overflows above 9.2e18).

    >>> training_flops(70_000_000_000, 1_400_000_000_000)
    5.88e+23
    """
    return FLOPS_PER_PARAM_TOKEN * _as_float(params) * _as_float(tokens)


def tokens_for(flops: Any, params: Any) -> Any:
    """Training tokens, D = C / 6 N.

    >>> tokens_for(5.76e23, 280e9) / 1e9
    342.85...
    """
    return _as_float(flops) / (FLOPS_PER_PARAM_TOKEN * _as_float(params))


def _as_float(value: Any) -> Any:
    return value.astype(float) if hasattr(value, "astype") else float(value)
