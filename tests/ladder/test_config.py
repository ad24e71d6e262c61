"""What a run is called, what it costs, and what is refused."""

import dataclasses

import pytest

from scaling_utils.ladder.config import LadderError, RunConfig, peak_rate, steps_for


def test_counts(config):
    assert config.params_non_embedding == 12 * 2 * 32**2
    assert config.params == config.params_non_embedding + 256 * 32
    assert config.params_total == config.params + 256 * 32
    assert config.tokens == config.steps * 1024
    assert config.flops == 6.0 * config.params * config.tokens


def test_attention_is_counted_position_by_position(config):
    """At position t, t scores and t weighted values, d multiplications each; backward costs twice forward."""
    one_sequence = sum(2 * 2 * 32 * t for t in range(1, config.context + 1)) * config.depth
    assert config.flops_attention == 3 * one_sequence * config.steps * config.batch


def test_budget_is_spent_to_the_nearest_step(config):
    step = config.flops / config.steps
    assert abs(config.flops - config.budget) <= step / 2
    with pytest.raises(LadderError, match="do not pay for one step"):
        steps_for(1e6, width=32, depth=2)


def test_rate_falls_with_width():
    assert peak_rate(32) == 0.012
    assert peak_rate(128) == 0.006
    assert peak_rate(32, factor=2) == 0.024


def test_a_configuration_survives_storage(config):
    assert RunConfig.from_dict(config.as_dict()) == config


@pytest.mark.parametrize("change", [{"dropout": 0.1}, {"width": None}], ids=["unknown", "missing"])
def test_stored_fields_are_exact(config, change):
    stored = {**config.as_dict(), **change}
    stored = {name: value for name, value in stored.items() if value is not None or name == "budget"}
    with pytest.raises(LadderError, match=r"differs in (dropout|width)$"):
        RunConfig.from_dict(stored)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"role": "fun"}, "role is 'fun'; it must be one of rate, isoflop"),
        ({"attention": "flash"}, "attention is 'flash'"),
        ({"schedule": "linear"}, "schedule is 'linear'"),
        ({"steps": 0}, "steps is 0; it must be at least 1"),
        ({"width": 20, "depth": 0}, "depth is 0"),
        ({"width": 17}, "width 17 does not divide into 1 heads of even width; take 16"),
        ({"held_out": 100}, "held_out is 100 bytes; take at least 8 contexts of 256"),
        ({"attention": "block-sparse", "block": 60}, "not a whole number of blocks of 60"),
    ],
)
def test_what_cannot_be_trained_is_refused(config, change, message):
    with pytest.raises(LadderError, match=message):
        dataclasses.replace(config, **change)


def test_names_tell_runs_apart(config):
    other = {"seed": 1, "width": 48, "depth": 3, "budget": 3e12, "corpus": "code", "role": "pair"}
    names = {dataclasses.replace(config, **{name: value}).name for name, value in other.items()}
    assert len(names | {config.name}) == len(other) + 1
