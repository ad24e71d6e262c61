"""Finished runs on disk: one file each, written whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scaling_utils.errors import clip
from scaling_utils.files import write_whole
from scaling_utils.ladder.config import LadderError, RunConfig


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A training curve at log-spaced steps.

    Parameters
    ----------
    step
        Optimizer steps taken.
    training_loss
        Mean loss of the batches since the point before (nats/byte).
    held_out_loss
        Loss on a fixed quarter of the held-out sequences (nats/byte); None where it was not measured.
    """

    step: Sequence[int]
    training_loss: Sequence[float]
    held_out_loss: Sequence[float | None]


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Loss of the trained model on held-out sequences, the same for every run of a corpus and context.

    Parameters
    ----------
    loss, standard_error
        Mean over sequences and its standard error (nats/byte). The error is that of the choice of
        sequences, which runs share; it says nothing of the spread over seeds.
    sequences
        How many there were.
    by_position
        Mean loss in each sixteenth of the context.
    last_eighth, last_eighth_standard_error
        Mean loss over the last eighth of the context, and its standard error.
    """

    loss: float
    standard_error: float
    sequences: int
    by_position: Sequence[float]
    last_eighth: float
    last_eighth_standard_error: float


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """What a run gave, and where.

    Parameters
    ----------
    config
        What was trained; repeating it on the same machine gives the same losses.
    curve, final
        The measurements.
    corpus_sha256
        Checksum of the corpus.
    recipe_sha256
        Checksum of the code that trained it.
    machine, versions
        Kind of processor; versions of Python, NumPy and PyTorch.
    seconds, cpu_seconds
        Wall time, and the time a core worked on it.
    """

    config: RunConfig
    curve: Curve
    final: HeldOut
    corpus_sha256: str
    recipe_sha256: str
    machine: str
    versions: dict[str, str]
    seconds: float
    cpu_seconds: float


def run_file(folder: Path, name: str) -> Path:
    """The file of a run in a ladder's folder."""
    return folder / "runs" / f"{name}.json"


def write_run(folder: Path, run: FinishedRun) -> Path:
    """Write a finished run, all of it or nothing; one line for each of its parts."""
    config = run.config
    counts = {
        "params": config.params,
        "params_non_embedding": config.params_non_embedding,
        "params_total": config.params_total,
        "tokens": config.tokens,
        "flops": config.flops,
        "flops_non_embedding": 6.0 * config.params_non_embedding * config.tokens,
        "flops_total": 6.0 * config.params_total * config.tokens,
        "flops_with_attention": config.flops + config.flops_attention,
    }
    parts = {**asdict(run), "counts": counts}
    lines = [f"{json.dumps(name)}: {json.dumps(part, allow_nan=False)}" for name, part in parts.items()]
    path = run_file(folder, config.name)
    save(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
    return path


def read_run(path: Path) -> FinishedRun:
    """Read a finished run.

    Raises
    ------
    LadderError
        If the file does not hold one.
    """
    try:
        parts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        del parts["counts"]
        return FinishedRun(
            **{
                **parts,
                "config": RunConfig.from_dict(parts["config"]),
                "curve": Curve(**parts["curve"]),
                "final": HeldOut(**parts["final"]),
            }
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, LadderError) as error:
        raise LadderError(
            f"{clip(str(path), 300)} does not hold a finished run ({clip(str(error))}). Remove it, and the "
            "ladder trains that run again"
        ) from error


def finished(folder: Path) -> list[FinishedRun]:
    """All finished runs in a ladder's folder, by name.

    Raises
    ------
    LadderError
        If a file does not hold a finished run, or not the one its name says.
    """
    runs = []
    for path in sorted((folder / "runs").glob("*.json")):
        run = read_run(path)
        if run.config.name != path.stem:
            raise LadderError(
                f"{clip(str(path), 300)} holds the run {run.config.name}; give the file that name"
            )
        runs.append(run)
    return runs


def save(path: Path, content: bytes) -> None:
    """Write a file, all of it or nothing.

    Raises
    ------
    LadderError
        If the file cannot be written.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        raise LadderError(f"{clip(str(path), 300)} cannot be written ({error.strerror})") from error
