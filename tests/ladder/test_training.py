"""The trainer itself: skipped where PyTorch, an optional extra, is not installed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import scaling_utils

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra `ladder`")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from scaling_utils.conventions import Conventions  # noqa: E402
from scaling_utils.fitting.isoflop import fit_isoflop  # noqa: E402
from scaling_utils.ladder.config import Diverged, steps_for  # noqa: E402
from scaling_utils.ladder.model import Transformer  # noqa: E402
from scaling_utils.ladder.runner import repeat_run, run_ladder  # noqa: E402
from scaling_utils.ladder.store import finished  # noqa: E402
from scaling_utils.ladder.tables import write_tables  # noqa: E402
from scaling_utils.ladder.train import curve_steps, learning_rate, losses, train  # noqa: E402
from scaling_utils.runs import read_runs  # noqa: E402

pytestmark = pytest.mark.slow

BYTES = Conventions("6ND", "non-embedding-with-head", "nats/byte")
SPARSE = {"attention": "block-sparse", "block": 8}

KILLED = """
import sys
from pathlib import Path
from scaling_utils.ladder.corpus import Corpus
from scaling_utils.ladder.runner import run_ladder
from plan_of_test import plan
corpus = Corpus.from_bytes(Path(sys.argv[2]).read_bytes(), name="library")
run_ladder(plan, Path(sys.argv[1]), corpora=lambda _: corpus, say=lambda line: print(line, flush=True))
"""


def random_model(config):
    """A model whose output layer is not zero, so that its logits say something."""
    model = Transformer(config)
    with torch.no_grad():
        model.head.normal_(generator=torch.Generator().manual_seed(1))
    return model


def random_bytes(count, context):
    return torch.randint(0, 256, (count, context), generator=torch.Generator().manual_seed(2))


class TestAccounting:
    @pytest.mark.parametrize(("width", "depth"), [(20, 1), (24, 2), (64, 3)])
    def test_parameters(self, tiny, width, depth):
        config = tiny(width=width, depth=depth)
        model = Transformer(config)
        assert sum(p.numel() for p in model.parameters()) == config.params_total
        assert sum(p.numel() for p in model.layers.parameters()) == config.params_non_embedding

    def test_flops(self, tiny):
        """Matrix products of a step, attention apart, are 6 N D exactly."""
        config = tiny(width=24, depth=2)
        model, tokens = Transformer(config), random_bytes(4, 33)
        with FlopCounterMode(display=False) as counter:
            loss = torch.nn.functional.cross_entropy(model(tokens[:, :-1]).transpose(1, 2), tokens[:, 1:])
            loss.backward()
        counted = {str(op): flops for op, flops in counter.get_flop_counts()["Global"].items()}
        products = sum(flops for op, flops in counted.items() if op in ("aten.mm", "aten.addmm", "aten.bmm"))
        assert products == config.flops / config.steps


class TestModel:
    def test_an_untrained_model_knows_nothing(self, tiny, text_corpus):
        sequences = torch.from_numpy(text_corpus.held_out_sequences(8, 32).astype(np.int64))
        assert losses(Transformer(tiny()), sequences) == pytest.approx(np.log(256), abs=1e-6)

    @pytest.mark.parametrize("kind", [{}, {**SPARSE, "top_k": 2}], ids=["full", "block-sparse"])
    def test_the_future_is_not_seen(self, tiny, kind):
        model = random_model(tiny(width=32, depth=2, **kind))
        before = random_bytes(2, 32)
        after = before.clone()
        after[:, 20:] = (after[:, 20:] + 1) % 256
        with torch.no_grad():
            early, late = (model(before) - model(after)).abs().split([20, 12], dim=1)
        assert early.max() == 0
        assert late.amax(dim=-1).min() > 0

    def test_block_sparse_attention_with_all_blocks_is_full(self, tiny):
        tokens = random_bytes(2, 32)
        full = random_model(tiny(width=32, depth=2))
        sparse = random_model(tiny(width=32, depth=2, **SPARSE, top_k=4))
        fewer = random_model(tiny(width=32, depth=2, **SPARSE, top_k=2))
        with torch.no_grad():
            torch.testing.assert_close(sparse(tokens), full(tokens), rtol=1e-4, atol=1e-4)
            difference = (fewer(tokens) - full(tokens)).abs().amax(dim=(0, 2))
        assert difference[:16].max() < 1e-4
        assert difference[16:].max() > 1e-2

    def test_blocks_seen(self):
        """The own block up to the own place, and the one earlier block with the mean key along the query."""
        from scaling_utils.ladder.attention import _seen

        k = torch.tensor([3.0, 3.0, 1.0, 1.0, 2.0, 2.0, 9.0, 9.0]).reshape(1, 1, 8, 1)
        seen = _seen(torch.ones(1, 1, 8, 1), k, block=2, top_k=2)[0, 0].int()
        assert seen[5].tolist() == [1, 1, 0, 0, 1, 1, 0, 0]
        assert seen[6].tolist() == [1, 1, 0, 0, 0, 0, 1, 0]
        assert seen[0].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]


class TestTraining:
    def test_same_run_same_losses(self, tiny, text_corpus):
        first, second = (train(tiny(depth=2), text_corpus) for _ in range(2))
        assert first.final == second.final
        assert first.curve == second.curve
        other = train(tiny(depth=2, seed=1), text_corpus)
        assert abs(other.final.loss - first.final.loss) > 1e-4

    def test_it_learns(self, tiny, text_corpus):
        run = train(tiny(width=32, steps=400, evaluations=3), text_corpus)
        measured = [loss for loss in run.curve.held_out_loss if loss is not None]
        assert len(measured) == 4
        assert measured == sorted(measured, reverse=True)
        assert run.final.loss < 3.0
        assert 0 < run.final.standard_error < 0.1
        assert np.mean(run.final.by_position) == pytest.approx(run.final.loss, abs=1e-5)
        assert np.mean(run.final.by_position[-2:]) == pytest.approx(run.final.last_eighth, abs=1e-5)

    def test_curve_has_few_points_up_to_the_end(self, tiny):
        for steps in (1, 7, 400, 100_000):
            points, measured = curve_steps(tiny(steps=steps, evaluations=6))
            assert measured <= points
            assert max(points) == steps and len(points) <= 101

    def test_schedules(self, tiny):
        cosine, constant = tiny(steps=1000), tiny(steps=1000, schedule="constant")
        assert learning_rate(cosine, 50) == pytest.approx(cosine.rate / 2)
        assert learning_rate(cosine, 100) == cosine.rate
        assert learning_rate(cosine, 1000) == pytest.approx(cosine.rate / 10)
        assert learning_rate(constant, 1000) == constant.rate
        long = tiny(steps=100_000)
        assert learning_rate(long, 200) == long.rate

    def test_divergence_is_said(self, tiny, text_corpus):
        with pytest.raises(Diverged, match="the loss is not finite at step"):
            train(tiny(rate=float("nan")), text_corpus)


class TestLadder:
    def test_train_write_load_fit(self, tiny, text_corpus, tmp_path):
        """A whole ladder in miniature: three slices of five sizes, from text to the exponents."""
        plan = [
            tiny(width, steps_for(budget, width=width, depth=1, tokens_per_step=128), budget=budget)
            for budget in (1e8, 2e8, 4e8)
            for width in (2, 4, 8, 16, 32)
        ]
        assert run_ladder(plan, tmp_path, corpora=lambda _: text_corpus, say=print) == len(plan)
        table = next(
            path for path in write_tables(tmp_path, plan={"all": plan}) if path.name == "library.csv"
        )
        runs = read_runs(table, conventions=BYTES)
        assert (len(runs), runs.n_runs) == (15, 15)
        fit = fit_isoflop(runs, window=float("inf"), resamples=50)
        assert len(fit.valleys) == 3
        assert 0 < fit.params_law.exponent.value < 1

    def test_killed_and_resumed_is_uninterrupted(self, tiny, library_text, text_corpus, tmp_path):
        plan = [tiny(steps=60, seed=seed, budget=budget) for budget in (1e8, 2e8) for seed in range(2)]
        run_ladder(plan, tmp_path / "whole", corpora=lambda _: text_corpus, say=print)
        (tmp_path / "text").write_bytes(library_text)
        (tmp_path / "plan_of_test.py").write_text(
            "from scaling_utils.ladder.config import RunConfig\n"
            f"plan = [RunConfig.from_dict(d) for d in {[config.as_dict() for config in plan]}]\n"
        )
        command = [sys.executable, "-c", KILLED, str(tmp_path / "killed"), str(tmp_path / "text")]
        paths = os.pathsep.join([str(tmp_path), str(Path(scaling_utils.__file__).parents[1])])
        environment = {**os.environ, "PYTHONPATH": paths}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as killed:
            assert "s0" in killed.stdout.readline()
            killed.send_signal(signal.SIGKILL)
        done = finished(tmp_path / "killed")
        assert 1 <= len(done) < 4
        run_ladder(plan, tmp_path / "killed", corpora=lambda _: text_corpus, say=print)
        tables = [
            {path.name: path.read_bytes() for path in write_tables(tmp_path / place, plan={"all": plan})}
            for place in ("whole", "killed")
        ]
        assert list(tables[0]) == ["library.csv", "library-curves.csv"]
        assert tables[0] == tables[1]
        assert not list((tmp_path / "killed").rglob("*.partial"))

    def test_a_recorded_run_can_be_repeated(self, tiny, text_corpus, tmp_path):
        run_ladder([tiny()], tmp_path, corpora=lambda _: text_corpus, say=print)
        (recorded,) = finished(tmp_path)
        repeated = repeat_run(recorded.config.name, tmp_path, corpora=lambda _: text_corpus)
        assert repeated.same_setting and repeated.same_loss
        assert list(repeated.again.curve.training_loss) == recorded.curve.training_loss
        assert repeated.again.config == recorded.config
        assert finished(tmp_path) == [recorded]
