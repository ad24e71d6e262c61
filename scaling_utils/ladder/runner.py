"""Training what is planned and not finished; as many processes as one likes may do it at the same time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from scaling_utils.errors import clip
from scaling_utils.ladder.config import Diverged, LadderError, RunConfig
from scaling_utils.ladder.corpus import Corpus
from scaling_utils.ladder.recipes import load_corpus
from scaling_utils.ladder.store import FinishedRun, read_run, run_file, write_run
from scaling_utils.runs.download import cache_folder

State = Literal["finished", "training", "pending"]

SAME_LOSS = 1e-6
"""Nats/byte by which the final loss of a repeated run may differ on the same kind of processor."""


@dataclass(frozen=True)
class Repeated:
    """A finished run, trained again.

    Parameters
    ----------
    recorded
        The run on file.
    again
        What its configuration gave now.
    """

    recorded: FinishedRun
    again: FinishedRun

    @property
    def difference(self) -> float:
        """The final loss now, less the recorded one (nats/byte)."""
        return self.again.final.loss - self.recorded.final.loss

    @property
    def same_loss(self) -> bool:
        """Whether both final losses are the same but for rounding."""
        return abs(self.difference) <= SAME_LOSS

    @property
    def same_setting(self) -> bool:
        """Whether corpus, training code, kind of processor and versions are the same."""
        kept = ("corpus_sha256", "recipe_sha256", "machine", "versions")
        return all(getattr(self.recorded, name) == getattr(self.again, name) for name in kept)

    def __str__(self) -> str:
        setting = (
            "in the same setting" if self.same_setting else "on another corpus, code, processor or version"
        )
        return (
            f"{self.recorded.config.name}: {self.again.final.loss:.6f} nats/byte, recorded "
            f"{self.recorded.final.loss:.6f}, difference {self.difference:+.1e}, {setting}"
        )


def run_ladder(
    plan: Iterable[RunConfig],
    folder: Path,
    *,
    corpora: Callable[[str], Corpus] = load_corpus,
    say: Callable[[str], None],
) -> int:
    """Train the runs of a plan that are not finished, one after the other.

    Parameters
    ----------
    plan
        The runs, in order.
    folder
        The ladder's folder; finished runs are files below ``runs/``.
    corpora
        Gives a corpus by name.
    say
        Takes one line for each run.

    Returns
    -------
    int
        How many runs this call trained.

    Raises
    ------
    LadderError
        If PyTorch is not installed, a file holds another run than planned, or, when all others are done, runs
        diverged.

    Notes
    -----
    A run is claimed by a lock that ends with the process, and its file appears whole: a killed ladder loses
    the runs in hand and nothing else. Runs that another process has claimed are passed over.
    """
    train = _trainer()
    corpus_of = cache(corpora)
    trained, failures = 0, []
    for config in plan:
        if is_finished(config, folder):
            continue
        try:
            with _claim(config, folder, patience=1.0):
                if is_finished(config, folder):
                    continue
                run = train(config, corpus_of(config.corpus))
                write_run(folder, run)
        except Timeout:
            continue
        except Diverged as failure:
            failures.append(str(failure))
            say(failures[-1])
            continue
        trained += 1
        say(f"{config.name}: {run.final.loss:.4f} nats/byte in {run.seconds:,.0f} s")
    if failures:
        raise LadderError(f"{len(failures)} runs were not finished: {'; '.join(failures)}")
    return trained


def repeat_run(name: str, folder: Path, *, corpora: Callable[[str], Corpus] = load_corpus) -> Repeated:
    """Train a finished run again from its recorded configuration; its file stays as it is.

    Parameters
    ----------
    name
        Name of the run.
    folder
        The ladder's folder.
    corpora
        Gives a corpus by name.

    Raises
    ------
    LadderError
        If there is no such run, or PyTorch is not installed.
    """
    path = run_file(folder, name)
    if path.parent != folder / "runs" or not path.is_file():
        raise LadderError(
            f"no finished run is called '{clip(name, 80)}'; the names are those of the files below "
            f"{clip(str(folder / 'runs'), 300)}"
        )
    recorded = read_run(path)
    return Repeated(recorded, _trainer()(recorded.config, corpora(recorded.config.corpus)))


def is_finished(config: RunConfig, folder: Path) -> bool:
    """Whether a run's file is there.

    Raises
    ------
    LadderError
        If the file holds a run of another configuration.
    """
    path = run_file(folder, config.name)
    if not path.is_file():
        return False
    if read_run(path).config != config:
        raise LadderError(
            f"{clip(str(path), 300)} holds a run of another configuration than planned; move it away to "
            "train the planned one"
        )
    return True


def states(plan: Iterable[RunConfig], folder: Path) -> Counter[State]:
    """How many runs of a plan are finished, in training now, and pending."""
    return Counter(_state(config, folder) for config in plan)


def _state(config: RunConfig, folder: Path) -> State:
    if is_finished(config, folder):
        return "finished"
    try:
        with _claim(config, folder, patience=0.0):
            return "pending"
    except Timeout:
        return "training"


def _claim(config: RunConfig, folder: Path, *, patience: float) -> FileLock:
    """A lock on a run; kept beside the downloads, so that the ladder's folder holds finished runs only."""
    place = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    path = cache_folder() / "ladder" / "claims" / place / f"{config.name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path, timeout=patience)


def _trainer() -> Callable[[RunConfig, Corpus], FinishedRun]:
    try:
        from scaling_utils.ladder.train import train
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise LadderError(
            "training needs PyTorch, which is not installed: pip install 'torch>=2.4' "
            "(a build for the CPU is enough)"
        ) from error
    return train
