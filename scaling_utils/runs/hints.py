"""What mends a table that lacks a column, beyond a misspelt name."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping

from scaling_utils.errors import clip
from scaling_utils.runs.columns import plain_name

LOSS_WORDS = {
    "perplexity": "--unit loss=perplexity",
    "ppl": "--unit loss=perplexity",
    "bitspertoken": "--convention loss_unit=bits/token",
    "bitsperbyte": "--convention loss_unit=bits/byte",
    "bpb": "--convention loss_unit=bits/byte",
}
"""Parts of names of losses in another unit, and the options that say which."""


def loss_by_unit(names: Iterable[str]) -> tuple[str, str] | None:
    """Return a name among `names` that speaks of a perplexity or of bits, and the options for it, or None.

    >>> loss_by_unit(["Exp", "val ppl"])
    ('val ppl', '--unit loss=perplexity')
    """
    for name in names:
        for word, options in LOSS_WORDS.items():
            if word in plain_name(name):
                return name, options
    return None


def hints_of_a_log(
    missing: Collection[str], present: Collection[str], spelling: Mapping[str, str]
) -> list[str]:
    """Where a logger, which knows steps and names of runs, has what is missing."""
    hints = []
    has_flops = "flops" in present
    if "step" in spelling and "tokens" not in present and ("tokens" in missing or has_flops):
        step = shlex.quote(f"tokens={clip(spelling['step'], 60)}")
        follow = "; params then follow from the FLOPs" if has_flops else ""
        hints.append(
            f"If every step takes the same number of tokens, give --map {step} and, with that number "
            f"in place of 524288, --unit tokens=524288{follow}."
        )
    if "run_id" in spelling and "params" in missing:
        hints.append(
            "If the log does not hold the model sizes, name a CSV beside it with one row per run and the "
            f"columns '{clip(spelling['run_id'], 60)}' and 'params'."
        )
    return hints
