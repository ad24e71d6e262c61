"""Which runs are trained, and in what state the others are; nothing is trained here."""

import subprocess
import sys

import pytest

from scaling_utils.ladder import runner
from scaling_utils.ladder.config import Diverged, LadderError
from scaling_utils.ladder.runner import is_finished, repeat_run, run_ladder, states
from scaling_utils.ladder.store import run_file, write_run


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("SCALING_DATA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def plan(make_run):
    return [make_run(seed=seed).config for seed in range(3)]


@pytest.fixture
def ladder(monkeypatch, make_run, tmp_path):
    """A function that runs a ladder whose training is made up, and gives the seeds trained."""

    def run(plan, diverge=()):
        seeds, said = [], []

        def train(config, corpus):
            assert corpus == "a corpus"
            if config.seed in diverge:
                raise Diverged(f"{config.name}: the loss is not finite")
            seeds.append(config.seed)
            return make_run(seed=config.seed)

        monkeypatch.setattr(runner, "_trainer", lambda: train)
        try:
            run_ladder(plan, tmp_path, corpora=lambda _: "a corpus", say=said.append)
        finally:
            run.seeds, run.said = seeds, said
        return seeds

    return run


def test_only_what_is_not_finished_is_trained(plan, ladder, make_run, tmp_path):
    write_run(tmp_path, make_run(seed=1))
    assert ladder(plan) == [0, 2]
    assert ladder.said[0] == "prose-isoflop-1e12-d032x2-s0: 1.5000 nats/byte in 10 s"
    assert ladder(plan) == []
    assert states(plan, tmp_path) == {"finished": 3}


def test_a_run_in_other_hands_is_passed_over(plan, ladder, tmp_path):
    """The other process is a real one, since a lock knows its own."""
    path = runner._claim(plan[1], tmp_path, patience=0).lock_file
    code = (
        f"import filelock\nwith filelock.FileLock({str(path)!r}):\n    print('held', flush=True)\n    input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout.readline() == "held\n"
        assert states(plan, tmp_path) == {"pending": 2, "training": 1}
        assert ladder(plan) == [0, 2]
        other.kill()
        other.wait()
        assert ladder(plan) == [1]


def test_a_diverged_run_does_not_stop_the_others(plan, ladder, tmp_path):
    with pytest.raises(LadderError, match=r"1 runs were not finished: .*-s0: the loss is not finite"):
        ladder(plan, diverge={0})
    assert ladder.seeds == [1, 2]
    assert not is_finished(plan[0], tmp_path)


def test_a_file_of_another_configuration_is_refused(config, make_run, tmp_path):
    path = write_run(tmp_path, make_run(rate=0.01))
    assert path == run_file(tmp_path, config.name)
    with pytest.raises(LadderError, match="another configuration than planned; move it away"):
        is_finished(config, tmp_path)


def test_a_run_is_repeated_without_touching_its_file(monkeypatch, make_run, tmp_path):
    recorded = make_run(loss=1.5)
    path = write_run(tmp_path, recorded)
    before = path.read_bytes()
    monkeypatch.setattr(runner, "_trainer", lambda: lambda config, corpus: make_run(loss=1.50001))
    repeated = repeat_run(recorded.config.name, tmp_path, corpora=lambda _: "a corpus")
    assert repeated.same_setting and not repeated.same_loss
    assert "recorded 1.500000, difference +1.0e-05, in the same setting" in str(repeated)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["nonsense", "../runs/x", ""])
def test_a_run_that_is_not_there_is_not_repeated(name, tmp_path):
    (tmp_path / "runs").mkdir()
    with pytest.raises(LadderError, match="no finished run is called"):
        repeat_run(name, tmp_path)


def test_without_pytorch(plan, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "scaling_utils.ladder.train", raising=False)
    with pytest.raises(LadderError, match="needs PyTorch, which is not installed: pip install"):
        run_ladder(plan, tmp_path, say=print)
    assert not (tmp_path / "runs").exists()
