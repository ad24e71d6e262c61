"""What mends a table that lacks a column, beyond a misspelt name."""

from __future__ import annotations

import re
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

HELD_OUT = ("val", "eval", "test", "heldout")
"""Words by which names say that a loss is not that of training."""
LOSSES = ("loss", "nll", "ce", "xent", "crossentropy")
"""Words for a loss in nats."""
UNITS = {
    **dict.fromkeys(("k", "thousands"), "1e3"),
    **dict.fromkeys(("m", "mn", "millions"), "1e6"),
    **dict.fromkeys(("b", "bn", "billions"), "1e9"),
    **dict.fromkeys(("t", "trillions"), "1e12"),
}
"""Last words of names of counts, and the units that they state."""


def held_out(names: Iterable[str]) -> str | None:
    """Return the one name among `names` that says that it is a held-out loss, or None.

    >>> held_out(["train/loss", "eval/nll"])
    'eval/nll'
    """
    said = [name for name in names if _said(name, HELD_OUT) and _said(name, LOSSES)]
    return said[0] if len(said) == 1 else None


def unit_in_name(name: str) -> str | None:
    """Return the unit that the last word of a name states, or None.

    >>> unit_in_name("Params (M)"), unit_in_name("tokens_B"), unit_in_name("D"), unit_in_name("param")
    ('1e6', '1e9', None, None)
    """
    words = _words(name)
    return UNITS.get(words[-1]) if len(words) > 1 else None


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if word]


def _said(name: str, words: Iterable[str]) -> bool:
    return not set(words).isdisjoint(_words(name))


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
