"""The two predicted sizes, from curves whose law is known."""

import dataclasses

import numpy as np
import pytest

from scaling_utils.ladder.config import LadderError, steps_for
from scaling_utils.ladder.design import DEPTHS, FIXED_STEPS
from scaling_utils.ladder.sizes import predict_sizes
from scaling_utils.ladder.store import Curve, write_run
from scaling_utils.laws import HoffmannLaw

LAW = HoffmannLaw(E=1.0, A=20.0, B=100.0, alpha=0.35, beta=0.35)


@pytest.fixture
def planted(make_run, tmp_path):
    """Curves that follow one law, of N with the output layer in the slices and without it at fixed steps."""

    def write(folder, **changes):
        run = make_run(**changes)
        config = run.config
        params = config.params if config.role == "isoflop" else config.params_non_embedding
        steps = np.unique(np.geomspace(10, config.steps, 100).round().astype(int))
        losses = LAW.loss(params, steps * float(config.tokens_per_step)).tolist()
        curve = Curve(step=steps.tolist(), training_loss=losses, held_out_loss=losses)
        write_run(folder, dataclasses.replace(run, curve=curve))

    for width, depth in DEPTHS.items():
        shape = {"width": width, "depth": depth}
        write(tmp_path, role="fixed-steps", schedule="constant", budget=None, steps=FIXED_STEPS, **shape)
        for budget in (1e12, 3e12):
            write(tmp_path, budget=budget, steps=steps_for(budget, **shape), **shape)
    return tmp_path


def test_a_planted_law_is_found(planted):
    kaplan, approach_1 = predict_sizes(planted, corpus="prose", budget=1e13, up_to=3e12)
    assert approach_1.params == pytest.approx(LAW.params_opt(1e13), rel=0.15)
    assert approach_1.trained == 12 * approach_1.depth * approach_1.width**2 + 256 * approach_1.width
    assert kaplan.trained == 12 * kaplan.depth * kaplan.width**2
    share = kaplan.trained / (kaplan.trained + 256 * kaplan.width)
    assert kaplan.params == pytest.approx(LAW.params_opt(1e13 * share), rel=0.15)
    for size in (kaplan, approach_1):
        assert DEPTHS[size.width] == size.depth
        assert abs(np.log(size.trained / size.params)) < 0.35
    assert str(kaplan).startswith("kaplan: N = ")


def test_slices_above_the_limit_take_no_part(planted, make_run):
    before = predict_sizes(planted, corpus="prose", budget=1e13, up_to=3e12)
    for width in (32, 64, 96):
        write_run(planted, make_run(width=width, budget=1e13, loss=0.1))
    assert predict_sizes(planted, corpus="prose", budget=1e13, up_to=3e12) == before


def test_too_early(make_run, tmp_path):
    write_run(tmp_path, make_run())
    with pytest.raises(LadderError, match="the recipe kaplan cannot be fitted yet: runs for kaplan: "):
        predict_sizes(tmp_path, corpus="prose", budget=1e13, up_to=3e12)
