"""The columns of a table of runs: meaning, unit, symbol, and the other names people give them.

This is the one place that says so; the reader, the glossary and the page on the data format all use it.
"""

from __future__ import annotations

import difflib
import itertools
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scaling_utils.errors import DataError, clip


@dataclass(frozen=True)
class Column:
    """One canonical column of a table of runs.

    Parameters
    ----------
    name
        The name in code and in `RunTable.frame`.
    noun
        What the cells hold, in the plural, for messages.
    meaning
        One sentence for the glossary.
    aliases
        Other names that are understood, whatever their case, spaces, underscores and slashes.
    unit
        Unit of the values; empty for text.
    symbol
        The symbol in formulas, as LaTeX; empty where there is none.
    dtype
        ``"float"`` (64 bits: 6 N D does not fit an int64) or ``"text"``.
    minimum
        The least value that makes sense: counts start at 1, steps at 0; None for other positive numbers.
    """

    name: str
    noun: str
    meaning: str
    aliases: tuple[str, ...]
    unit: str = ""
    symbol: str = ""
    dtype: Literal["float", "text"] = "float"
    minimum: float | None = None


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


# Names that state another convention or unit (non_embedding_params, pf_days, bits_per_byte, train_loss) are
# left out on purpose: whoever uses them has to say what they are.
COLUMNS: tuple[Column, ...] = (
    Column(
        "run_id",
        "run names",
        "Name of the training run. Without it, every row is a run of its own.",
        _names("run, run name, run label, name, experiment, experiment name, trial"),
        dtype="text",
    ),
    Column(
        "params",
        "parameter counts",
        "Parameters of the model, counted as the conventions of the table say.",
        _names(
            "N, n_params, num_params, param_count, params_total, total_params, parameters, "
            "n_parameters, num_parameters, parameter_count, total_parameters, model_params, "
            "model_parameters, model_size, size"
        ),
        unit="parameters",
        symbol="N",
        minimum=1.0,
    ),
    Column(
        "tokens",
        "token counts",
        "Training tokens seen up to this point.",
        _names(
            "D, n_tokens, num_tokens, token_count, total_tokens, train_tokens, training_tokens, "
            "trained_tokens, tokens_seen, tokens_trained, train/tokens, data_size, dataset_size"
        ),
        unit="tokens",
        symbol="D",
        minimum=1.0,
    ),
    Column(
        "flops",
        "FLOP counts",
        "Training compute spent up to this point.",
        _names(
            "C, flop, n_flops, total_flops, train_flops, train_flop, training_flops, training_flop, "
            "compute, train_compute, training_compute, compute_flops"
        ),
        unit="FLOPs",
        symbol="C",
        minimum=1.0,
    ),
    Column(
        "loss",
        "losses",
        "Held-out cross-entropy at this point, in the loss unit of the table.",
        _names(
            "L, val_loss, valid_loss, validation_loss, eval_loss, test_loss, final_loss, "
            "final_val_loss, final_test_loss, heldout_loss, cross_entropy, loss/val, loss/valid, "
            "loss/validation, loss/eval, loss/test"
        ),
        unit="nats/token",
        symbol="L",
    ),
    Column(
        "step",
        "steps",
        "Optimizer steps taken up to this point.",
        _names("steps, n_steps, num_steps, global_step, _step, train_step, training_step, iteration"),
        unit="steps",
        symbol="S",
        minimum=0.0,
    ),
    Column(
        "sequences",
        "sequence counts",
        "Training sequences seen up to this point.",
        _names("n_sequences, num_sequences, train_sequences, sequences_seen, samples_seen"),
        unit="sequences",
        minimum=0.0,
    ),
    Column(
        "dataset",
        "dataset names",
        "Name of the data the run was trained on, or of the table it came from.",
        _names("corpus, data, train_data, training_data, dataset_name"),
        dtype="text",
    ),
    Column(
        "budget",
        "budgets",
        "Nominal compute of the IsoFLOP slice the run belongs to; empty for a run outside every slice.",
        _names(
            "isoflop_budget, flop_budget, flops_budget, compute_budget, nominal_budget, "
            "nominal_flops, isoflop"
        ),
        unit="FLOPs",
        symbol="C",
        minimum=1.0,
    ),
)

BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}


ALIKE = 0.7
"""Share of letters in common from which a name is taken for a misspelt one."""


def match_columns(
    names: Iterable[str],
    *,
    columns: Mapping[str, str] | None = None,
    file: str | Path | None = None,
) -> dict[str, str]:
    """Say which of a source's columns is which canonical one.

    A canonical name wins over an alias; the alias then stays a column of the source's own.

    Parameters
    ----------
    names
        The column names of the source.
    columns
        What the user decided: the source's name to the canonical name.
    file
        For messages.

    Returns
    -------
    dict
        The source's name to the canonical name, for the columns understood.

    Raises
    ------
    DataError
        If two columns mean the same, two have one name, or `columns` names one that does not exist.

    Examples
    --------
    >>> match_columns(["Model Size", "Training FLOP", "eval/loss", "seed"])
    {'Model Size': 'params', 'Training FLOP': 'flops', 'eval/loss': 'loss'}
    >>> match_columns(["loss", "val_loss"], columns={"val_loss": "loss"})
    {'val_loss': 'loss'}
    """
    names = list(names)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(
            f"{len(twice)} column name{'s' * (len(twice) > 1)} used more than once: {listed(twice)}",
            file=file,
            remedy="Rename or remove the copies.",
        )
    chosen = dict(columns or {})
    _check_chosen(chosen, names, file=file)
    found: dict[str, str] = {name: chosen[name] for name in names if name in chosen}
    free = [name for name in names if name not in found]
    by_plain: dict[str, list[str]] = {}
    for name in free:
        by_plain.setdefault(plain_name(name), []).append(name)
    for column in COLUMNS:
        if column.name in found.values():
            continue
        candidates = (
            [name for name in free if name == column.name]
            or by_plain.get(plain_name(column.name), [])
            or [name for alias in _plain_aliases(column) for name in by_plain.get(alias, [])]
        )
        if len(candidates) > 1:
            raise DataError(
                f"{len(candidates)} columns could be {column.name!r}: {listed(candidates)}",
                file=file,
                remedy=f"Rename the one to use to {column.name!r}, or give "
                f"--map {shlex.quote(f'{column.name}={clip(candidates[0], 60)}')}.",
            )
        if candidates:
            found[candidates[0]] = column.name
    return {name: found[name] for name in names if name in found}


def nearest(column: Column, names: Iterable[str]) -> str | None:
    """Return the name among `names` that looks most like a canonical column, or None.

    >>> nearest(BY_NAME["tokens"], ["colour", "tokns"])
    'tokns'
    """
    best, best_score = None, ALIKE
    for name in itertools.islice(names, 100):
        for known in (column.name, *column.aliases):
            plain, target = plain_name(name)[:60], plain_name(known)
            score = difflib.SequenceMatcher(None, plain, target).ratio()
            if len(target) > 2 and target in plain:
                score = max(score, 0.9)
            if score > best_score:
                best, best_score = name, score
    return best


def recognised(names: Iterable[str], *, columns: Mapping[str, str] | None = None) -> int:
    """Count the names that are canonical, an alias, or among the user's `columns`.

    >>> recognised(["Model Size", "colour"])
    1
    """
    known = {alias for column in COLUMNS for alias in _plain_aliases(column)}
    return sum(name in (columns or {}) or plain_name(name) in known for name in names)


def listed(names: Iterable[str], *, most: int = 12) -> str:
    """Quote names for a message, at most so many of them.

    >>> listed(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    names = list(names)
    shown = ", ".join(f"'{clip(name, 60)}'" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _check_chosen(chosen: Mapping[str, str], names: list[str], *, file: str | Path | None) -> None:
    for name, canonical in chosen.items():
        if name not in names:
            raise DataError(
                f"there is no column '{clip(name, 60)}' to take as {clip(canonical, 60)}; "
                f"the columns are {listed(names)}",
                file=file,
            )
        if canonical not in BY_NAME:
            raise DataError(
                f"columns= maps '{clip(name, 60)}' to '{clip(canonical, 60)}', which is not one of "
                + ", ".join(BY_NAME),
                file=file,
            )
    twice = [c for c, count in Counter(chosen.values()).items() if count > 1]
    if twice:
        raise DataError(
            f"columns= maps two columns to {listed(twice)}", file=file, remedy="Keep one of them."
        )


def _plain_aliases(column: Column) -> list[str]:
    """Return the name and the aliases of a column without case and separators, each once."""
    return list(dict.fromkeys(map(plain_name, (column.name, *column.aliases))))


def plain_name(name: str) -> str:
    """A name without case and separators."""
    return re.sub(r"[\W_]+", "", name.casefold())
