"""What defines one run of the ladder, and the exact count of its parameters and FLOPs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from scaling_utils.conventions import training_flops
from scaling_utils.errors import ScalingError, clip

VOCAB = 256
"""Tokens are bytes."""

HEAD_WIDTH = 16
"""Width of an attention head, as nearly as the width of the model can be divided."""

Role = Literal["rate", "isoflop", "fixed-steps", "pair", "attention"]
Attention = Literal["full", "block-sparse"]
Schedule = Literal["cosine", "constant"]


class LadderError(ScalingError):
    """A run of the ladder that cannot be trained, or its file not read, as things stand."""


class Diverged(LadderError):
    """A run whose loss stopped being finite."""


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that decides the numbers of a run.

    Parameters
    ----------
    corpus
        ``"prose"`` or ``"code"``, or any other name with a corpus of its own.
    role
        What the run was made for: a check of the learning rate, an IsoFLOP slice, a curve at a constant
        rate for comparisons at fixed steps, a pair of sizes at one budget, or a comparison of attentions.
    width, depth
        Of the model: dimension of the residual stream, and number of layers.
    steps, batch, context
        Optimizer steps, sequences per step, bytes per sequence.
    seed
        Decides initial weights and the order of the data.
    rate
        Peak learning rate.
    schedule
        After the warm-up: ``"cosine"`` to a tenth of the peak at the last step, or ``"constant"``.
    attention, block, top_k
        Kind of attention; for ``"block-sparse"``, bytes per block and blocks seen by each byte.
    budget
        Nominal FLOPs of the slice the run belongs to; None outside every slice.
    evaluations
        How many times the held-out loss is measured on the way, the end not counted.
    held_out
        Held-out bytes that give the final loss; every fourth sequence of them, the points on the way.

    Raises
    ------
    LadderError
        If a value cannot be trained with.

    Examples
    --------
    >>> run = isoflop_config(corpus="prose", width=32, depth=2, budget=1e12, seed=0, rate=0.012)
    >>> run.name
    'prose-isoflop-1e12-d032x2-s0'
    >>> run.params, run.params_non_embedding, run.params_total, run.steps
    (32768, 24576, 40960, 4967)
    """

    corpus: str
    role: Role
    width: int
    depth: int
    steps: int
    seed: int
    rate: float
    batch: int = 4
    context: int = 256
    schedule: Schedule = "cosine"
    attention: Attention = "full"
    block: int = 64
    top_k: int = 3
    budget: float | None = None
    evaluations: int = 6
    held_out: int = 2**19

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for name in ("role", "schedule", "attention"):
            allowed, given = get_args(hints[name]), getattr(self, name)
            if given not in allowed:
                raise LadderError(f"{name} is {clip(repr(given))}; it must be one of {', '.join(allowed)}")
        for name in ("width", "depth", "steps", "batch", "context", "block", "top_k", "evaluations"):
            if getattr(self, name) < 1:
                raise LadderError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.held_out < 8 * self.context:
            raise LadderError(
                f"held_out is {self.held_out} bytes; take at least 8 contexts of {self.context}"
            )
        if self.width % (2 * self.heads):
            raise LadderError(
                f"width {self.width} does not divide into {self.heads} heads of even width; "
                f"take {self.heads * HEAD_WIDTH}"
            )
        if self.attention == "block-sparse" and self.context % self.block:
            raise LadderError(
                f"a context of {self.context} bytes is not a whole number of blocks of {self.block}"
            )

    @property
    def heads(self) -> int:
        """Attention heads."""
        return max(1, round(self.width / HEAD_WIDTH))

    @property
    def params_non_embedding(self) -> int:
        """Parameters of the layers: 4 d^2 of attention and 8 d^2 of the perceptron, each."""
        return 12 * self.depth * self.width**2

    @property
    def params(self) -> int:
        """Parameters with the output layer, without the input embedding: what multiplies every byte."""
        return self.params_non_embedding + VOCAB * self.width

    @property
    def params_total(self) -> int:
        """All parameters; input embedding and output layer are not tied."""
        return self.params + VOCAB * self.width

    @property
    def tokens_per_step(self) -> int:
        """Bytes per optimizer step."""
        return self.batch * self.context

    @property
    def tokens(self) -> int:
        """Bytes trained on."""
        return self.steps * self.tokens_per_step

    @property
    def flops(self) -> float:
        """Training FLOPs as the ladder counts them: 6 N D with N = `params`."""
        return float(training_flops(self.params, self.tokens))

    @property
    def flops_attention(self) -> float:
        """Training FLOPs of scores and weighted sums in full causal attention, not part of `flops`.

        A byte at position t looks at t bytes: 2 d FLOPs each for its scores and for its sums, per layer, and
        thrice that with the backward pass. Block-sparse attention is counted alike: it gets no credit.
        """
        return 6.0 * self.depth * self.width * (self.context + 1) * self.tokens

    @property
    def name(self) -> str:
        """Name of the run, its `run_id` and the stem of its file."""
        parts = [self.corpus, self.role]
        if self.budget is not None:
            parts.append(f"{self.budget:.2g}".replace("e+", "e"))
        parts.append(f"d{self.width:03d}x{self.depth}")
        if self.role == "rate":
            parts.append(f"r{self.rate:.4f}")
        if self.role == "attention":
            parts.append(self.attention)
        return "-".join([*parts, f"s{self.seed}"])

    def as_dict(self) -> dict[str, Any]:
        """The configuration as a plain dictionary, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> RunConfig:
        """The configuration that `as_dict` wrote.

        Raises
        ------
        LadderError
            If a field is missing or unknown, or holds what cannot be trained with.
        """
        known = {field.name for field in fields(cls)}
        if set(stored) != known:
            odd = ", ".join(clip(str(name), 40) for name in sorted(set(stored) ^ known))
            raise LadderError(
                f"a configuration has exactly the fields of RunConfig; this one differs in {odd}"
            )
        return cls(**stored)


def peak_rate(width: int, *, factor: float = 1.0) -> float:
    """Peak learning rate of a model: 0.012 sqrt(32 / width), times a factor in the check of the rate.

    >>> peak_rate(128)
    0.006
    """
    return round(factor * 0.012 * math.sqrt(32 / width), 6)


def isoflop_config(
    *, corpus: str, width: int, depth: int, budget: float, seed: int, rate: float
) -> RunConfig:
    """A run that spends a budget (FLOPs, 6 N D with the output layer in N) to the nearest step."""
    return RunConfig(
        corpus=corpus,
        role="isoflop",
        width=width,
        depth=depth,
        steps=steps_for(budget, width=width, depth=depth),
        seed=seed,
        rate=rate,
        budget=budget,
    )


def steps_for(budget: float, *, width: int, depth: int, tokens_per_step: int = 1024) -> int:
    """Optimizer steps that spend a budget of 6 N D FLOPs.

    Raises
    ------
    LadderError
        If the budget does not pay for one step.
    """
    params = 12 * depth * width**2 + VOCAB * width
    steps = round(budget / (6.0 * params * tokens_per_step))
    if steps < 1:
        raise LadderError(f"{budget:.3g} FLOPs do not pay for one step of a model of {params:,} parameters")
    return steps
