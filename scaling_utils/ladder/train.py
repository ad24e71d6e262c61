"""Training one run (needs PyTorch)."""

from __future__ import annotations

import hashlib
import math
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from scaling_utils.arrays import FloatArray
from scaling_utils.ladder.config import Diverged, RunConfig
from scaling_utils.ladder.corpus import Corpus
from scaling_utils.ladder.model import Transformer
from scaling_utils.ladder.store import Curve, FinishedRun, HeldOut

BETAS = (0.9, 0.98)
CLIP = 1.0
WARMUP_SHARE = 0.1
WARMUP_STEPS = 200
FINAL_RATE = 0.1
"""Share of the peak rate at the last step of the cosine."""

POINTS = 100
"""Most points of a curve."""

FIRST_EVALUATION = 1 / 32
"""Share of the steps after which the held-out loss is first measured."""

DIGITS = 6
"""Decimals kept of a loss."""


def train(config: RunConfig, corpus: Corpus) -> FinishedRun:
    """Train a run from scratch.

    Parameters
    ----------
    config
        The run.
    corpus
        What to train on.

    Returns
    -------
    FinishedRun
        The same losses whenever the same run is repeated on the same machine.

    Raises
    ------
    Diverged
        If the loss stops being finite.
    LadderError
        If the corpus is too small.
    """
    began, cpu_began = time.perf_counter(), time.process_time()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    model = Transformer(config)
    optimizer = torch.optim.AdamW(model.parameters(), betas=BETAS, weight_decay=0.0, fused=True)
    held_out = _tensor(corpus.held_out_sequences(config.held_out // config.context, config.context))
    rng = np.random.default_rng(config.seed)
    points, evaluations = curve_steps(config)
    curve: list[tuple[int, float, float | None]] = []
    since: list[float] = []
    for step in range(1, config.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        since.append(_update(model, optimizer, _batch(corpus, config, rng)))
        if not math.isfinite(since[-1]):
            raise Diverged(f"{config.name}: the loss is not finite at step {step}; lower the learning rate")
        if step in points:
            measured = rounded(losses(model, held_out[::4]).mean()) if step in evaluations else None
            curve.append((step, rounded(np.mean(since)), measured))
            since.clear()
    steps, training_loss, held_out_loss = zip(*curve, strict=True)
    return FinishedRun(
        config=config,
        curve=Curve(step=steps, training_loss=training_loss, held_out_loss=held_out_loss),
        final=_held_out(losses(model, held_out)),
        corpus_sha256=corpus.sha256,
        recipe_sha256=recipe_sha256(),
        machine=f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        versions={"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__},
        seconds=round(time.perf_counter() - began, 1),
        cpu_seconds=round(time.process_time() - cpu_began, 1),
    )


def learning_rate(config: RunConfig, step: int) -> float:
    """Learning rate of a step, the first being 1: linear warm-up, then a cosine or a constant."""
    warmup = min(WARMUP_STEPS, math.ceil(WARMUP_SHARE * config.steps))
    if step <= warmup:
        return config.rate * step / warmup
    if config.schedule == "constant":
        return config.rate
    progress = (step - warmup) / (config.steps - warmup)
    return config.rate * (FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * progress)) / 2)


def curve_steps(config: RunConfig) -> tuple[set[int], set[int]]:
    """Log-spaced steps at which a curve has a point, and those among them with a held-out loss."""
    evaluations = np.geomspace(config.steps * FIRST_EVALUATION, config.steps, config.evaluations + 1)
    measured = {max(1, round(step)) for step in evaluations}
    spaced = np.geomspace(1, config.steps, POINTS - len(measured))
    return {round(step) for step in spaced} | measured, measured


def losses(model: Transformer, sequences: torch.Tensor) -> FloatArray:
    """Loss of each byte but the first of each sequence (nats), shape (sequences, context)."""
    parts = []
    with torch.no_grad():
        for part in sequences.split(max(1, 4096 // sequences.shape[1])):
            logits = model(part[:, :-1]).transpose(1, 2)
            parts.append(cross_entropy(logits, part[:, 1:], reduction="none"))
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)


def rounded(loss: float | np.floating[Any]) -> float:
    """A loss as it is kept."""
    return round(float(loss), DIGITS)


def recipe_sha256() -> str:
    """Checksum of the code that decides the numbers of a run."""
    digest = hashlib.sha256()
    for name in ("attention", "config", "corpus", "model", "train"):
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()


def _update(model: Transformer, optimizer: torch.optim.Optimizer, sequences: torch.Tensor) -> float:
    """One optimizer step; gives the loss before it."""
    logits = model(sequences[:, :-1])
    loss = cross_entropy(logits.flatten(0, 1), sequences[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimizer.step()
    return float(loss.item())


def _batch(corpus: Corpus, config: RunConfig, rng: np.random.Generator) -> torch.Tensor:
    """Sequences from anywhere in the training part; runs of one seed see the same, whatever their size."""
    starts = rng.integers(0, corpus.train.size - config.context, size=config.batch)
    return _tensor(corpus.train[starts[:, None] + np.arange(config.context + 1)])


def _tensor(sequences: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(sequences.astype(np.int64))


def _held_out(loss: FloatArray) -> HeldOut:
    trailing = loss[:, -(loss.shape[1] // 8) :]
    return HeldOut(
        loss=rounded(loss.mean()),
        standard_error=_standard_error(loss),
        sequences=len(loss),
        by_position=[rounded(part.mean()) for part in np.array_split(loss, 16, axis=1)],
        last_eighth=rounded(trailing.mean()),
        last_eighth_standard_error=_standard_error(trailing),
    )


def _standard_error(loss: FloatArray) -> float:
    return rounded(loss.mean(axis=1).std(ddof=1) / math.sqrt(len(loss)))
