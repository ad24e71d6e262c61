r"""What N, C and the loss mean: the conventions that travel with every table of runs.

Two tables may be compared only if they count parameters, FLOPs and loss by the same rules.

Notes
-----
*Source*: Kaplan et al. 2020, section 2.1 (:math:`C \approx 6 N D`, N without embeddings, PF-days);
Hoffmann et al. 2022, appendix F (N with embeddings); Porian et al. 2024, section 3.2 (N without
embeddings but with the output layer).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

from scaling_utils.errors import ConventionError, clip

PF_DAY = 8.64e19
"""FLOPs in one PF-day: 1e15 FLOP/s for 86,400 s (Kaplan et al. 2020, section 1.3)."""

FLOPS_PER_PARAM_TOKEN = 6.0
"""Training FLOPs per parameter and token: 2 forward, 4 backward (Kaplan et al. 2020, section 2.1)."""

FlopRule = Literal["6ND", "reported"]
ParamCount = Literal["total", "non-embedding", "non-embedding-with-head"]
LossUnit = Literal["nats/token", "nats/byte", "bits/token", "bits/byte"]


@cache
def _allowed() -> dict[str, tuple[str, ...]]:
    return {name: get_args(hint) for name, hint in get_type_hints(Conventions).items()}


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
        for name, allowed in _allowed().items():
            given = getattr(self, name)
            if given not in allowed:
                raise ConventionError(
                    f"{name} is {clip(repr(given))}; it must be one of {', '.join(map(repr, allowed))}"
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


DEFAULT = Conventions()
"""What a table counts by unless its source says otherwise: C = 6 N D, total parameters, nats per token."""

_CONVERSION = {
    "flop_rule": "bring both to C = 6 N D with RunTable.with_flop_rule('6ND')",
    "param_count": "convert one with convert_params(params, source, target, vocab=..., width=...) and make "
    "its table again with RunTable.from_frame",
    "loss_unit": "convert between nats and bits with RunTable.with_loss_unit(...); per byte against per "
    "token needs the bytes per token of the tokenizer",
}


def training_flops(params: Any, tokens: Any) -> Any:
    """Training FLOPs, C = 6 N D, in floats (int64 overflows above 9.2e18).

    Numbers, arrays and Series alike, here and in the functions below.

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


def params_for(flops: Any, tokens: Any) -> Any:
    """Parameters, N = C / 6 D.

    >>> params_for(5.88e23, 1.4e12) / 1e9
    70.0
    """
    return _as_float(flops) / (FLOPS_PER_PARAM_TOKEN * _as_float(tokens))


def flops_from_pf_days(pf_days: Any) -> Any:
    """FLOPs of a compute given in PF-days.

    >>> flops_from_pf_days(2)
    1.728e+20
    """
    return _as_float(pf_days) * PF_DAY


def pf_days_from_flops(flops: Any) -> Any:
    """PF-days of a compute given in FLOPs.

    >>> pf_days_from_flops(8.64e21)
    100.0
    """
    return _as_float(flops) / PF_DAY


def convert_loss(loss: Any, source: LossUnit, target: LossUnit) -> Any:
    """Convert a loss between nats and bits, per token or per byte: 1 nat = 1 / ln 2 bits.

    Parameters
    ----------
    loss
        Loss in the unit `source`.
    source, target
        Units; both per token or both per byte.

    Returns
    -------
    float or array
        The loss in the unit `target`.

    Raises
    ------
    ConventionError
        If one unit is per token and the other per byte: that needs the bytes per token of the tokenizer.

    Examples
    --------
    >>> round(convert_loss(2.0, "nats/token", "bits/token"), 4)
    2.8854
    """
    for unit in (source, target):
        Conventions(loss_unit=unit)
    (kind, per), (wanted, wanted_per) = source.split("/"), target.split("/")
    if per != wanted_per:
        raise ConventionError(
            f"a loss in {source} cannot become {target} without the bytes per token of the tokenizer; "
            f"{wanted}/{per} can be had"
        )
    factor = {("nats", "bits"): 1 / math.log(2), ("bits", "nats"): math.log(2)}.get((kind, wanted), 1.0)
    return _as_float(loss) * factor


def convert_params(
    params: Any,
    source: ParamCount,
    target: ParamCount,
    *,
    vocab: Any,
    width: Any,
    tied: bool = True,
    positions: Any = 0,
) -> Any:
    """Convert a parameter count between total, non-embedding, and non-embedding with the output layer.

    With V tokens in the vocabulary, width d and p learned position vectors, a model holds an input
    embedding of (V + p) d parameters and, unless its weights are tied, an output layer of V d more.

    Parameters
    ----------
    params
        Parameter counts as `source` counts them.
    source, target
        How they are counted and how they should be.
    vocab
        Vocabulary size V in tokens, padding included.
    width
        Model width d (the dimension of the residual stream).
    tied
        Whether the output layer shares the weights of the input embedding.
    positions
        Learned position vectors p; 0 for rotary, relative or sinusoidal positions.

    Returns
    -------
    float or array
        Parameter counts as `target` counts them.

    Raises
    ------
    ConventionError
        If vocabulary or width is not positive, or a model has fewer parameters than its embedding.

    Notes
    -----
    ``"non-embedding-with-head"`` counts the output layer once, tied or not, because it is multiplied
    with every token either way.

    Examples
    --------
    GPT-2 small: 124.4 million in all, 85 million in the layers.

    >>> convert_params(124_439_808, "total", "non-embedding", vocab=50257, width=768, positions=1024)
    85056000.0
    """
    for count in (source, target):
        Conventions(param_count=count)
    vocab, width, positions = _as_float(vocab), _as_float(width), _as_float(positions)
    if not _all((vocab > 0) & (width > 0) & (positions >= 0)):
        raise ConventionError("vocab and width must be positive, and positions 0 or more")
    head = vocab * width
    above = {
        "non-embedding": 0.0,
        "non-embedding-with-head": head,
        "total": head + positions * width + (0.0 if tied else head),
    }
    layers = _as_float(params) - above[source]
    if not _all(layers > 0):
        raise ConventionError(
            f"a {source} parameter count is not larger than the embedding of {clip(str(vocab), 40)} x "
            f"{clip(str(width), 40)}; check vocab and width, and that the count is not {target} already"
        )
    return layers + above[target]


def _as_float(value: Any) -> Any:
    return value.astype(float) if hasattr(value, "astype") else float(value)


def _all(condition: Any) -> bool:
    return bool(condition.all()) if hasattr(condition, "all") else bool(condition)
