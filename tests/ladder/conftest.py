"""Fixtures of the ladder: made-up finished runs, and a small corpus of real text."""

import dataclasses
import sysconfig
from pathlib import Path

import pytest

from scaling_utils.ladder.config import RunConfig, isoflop_config, peak_rate
from scaling_utils.ladder.corpus import Corpus
from scaling_utils.ladder.store import Curve, FinishedRun, HeldOut


@pytest.fixture
def config():
    return isoflop_config(corpus="prose", width=32, depth=2, budget=1e12, seed=0, rate=peak_rate(32))


@pytest.fixture
def make_run(config):
    """A function that makes a finished run, as if trained, with changes to its configuration."""

    def make(loss=1.5, seconds=10.0, **changes):
        changed = dataclasses.replace(config, **changes)
        return FinishedRun(
            config=changed,
            curve=Curve(
                step=[10, changed.steps], training_loss=[3.0, loss], held_out_loss=[None, loss + 0.01]
            ),
            final=HeldOut(
                loss=loss,
                standard_error=0.01,
                sequences=2048,
                by_position=[loss + 0.1 - n / 100 for n in range(16)],
                last_eighth=loss - 0.05,
                last_eighth_standard_error=0.02,
            ),
            corpus_sha256="0" * 64,
            recipe_sha256="1" * 64,
            machine="test",
            versions={"python": "3"},
            seconds=seconds,
            cpu_seconds=seconds,
        )

    return make


@pytest.fixture(scope="session")
def library_text():
    """The first 2.5 MB of the standard library's sources, by file name."""
    library = Path(sysconfig.get_path("stdlib"))
    return b"".join(path.read_bytes() for path in sorted(library.glob("*.py")))[:2_500_000]


@pytest.fixture(scope="session")
def text_corpus(library_text):
    return Corpus.from_bytes(library_text, name="library")


@pytest.fixture(scope="session")
def tiny():
    """A function that gives a run of at most a few seconds."""

    def make(width=16, steps=40, **changes):
        settings = {
            "corpus": "library",
            "role": "isoflop",
            "depth": 1,
            "seed": 0,
            "rate": peak_rate(width),
            "batch": 4,
            "context": 32,
            "evaluations": 1,
            "held_out": 2**13,
        }
        return RunConfig(width=width, steps=steps, **{**settings, **changes})

    return make
