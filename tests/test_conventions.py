import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_utils import conventions as module
from scaling_utils.conventions import (
    PF_DAY,
    Conventions,
    convert_loss,
    convert_params,
    flops_from_pf_days,
    params_for,
    pf_days_from_flops,
    tokens_for,
    training_flops,
)
from scaling_utils.errors import ConventionError

COUNTS = ("total", "non-embedding", "non-embedding-with-head")


def test_six_n_d_does_not_overflow_int64():
    params = np.array([175_000_000_000])
    tokens = np.array([300_000_000_000])
    assert training_flops(params, tokens)[0] == pytest.approx(3.15e23)


@given(n=st.floats(1e3, 1e13), d=st.floats(1e3, 1e15))
def test_any_two_of_params_tokens_and_flops_give_the_third(n, d):
    c = training_flops(n, d)
    assert tokens_for(c, n) == pytest.approx(d)
    assert params_for(c, d) == pytest.approx(n)


def test_a_pf_day_is_a_day_at_1e15_flops_per_second():
    assert PF_DAY == 1e15 * 24 * 3600
    assert pf_days_from_flops(flops_from_pf_days(3640.0)) == pytest.approx(3640.0)


def test_gpt3_is_3640_pf_days():
    """Brown et al. 2020, table D.1: 174.6e9 parameters, 300e9 tokens, 3.64e3 PF-days, 3.14e23 FLOPs."""
    assert pf_days_from_flops(training_flops(174.6e9, 300e9)) == pytest.approx(3640, rel=2e-3)


def test_loss_in_bits_is_larger_and_comes_back():
    loss = pd.Series([2.0, 3.0])
    bits = convert_loss(loss, "nats/byte", "bits/byte")
    assert bits.tolist() == pytest.approx([2 / math.log(2), 3 / math.log(2)])
    assert convert_loss(bits, "bits/byte", "nats/byte").tolist() == pytest.approx([2.0, 3.0])
    assert convert_loss(2.0, "bits/token", "bits/token") == 2.0


def test_loss_per_byte_needs_the_tokenizer():
    with pytest.raises(ConventionError, match="bytes per token"):
        convert_loss(2.0, "nats/token", "bits/byte")


def test_an_unknown_unit_is_refused_with_the_known_ones():
    with pytest.raises(ConventionError, match="'bits/byte'"):
        convert_loss(2.0, "nats/token", "nats/word")
    with pytest.raises(ConventionError, match="param_count is 'active'"):
        convert_params(1e9, "active", "total", vocab=1, width=1)


@pytest.mark.parametrize(
    ("model", "total", "layers", "positions"),
    [((50257, 768), 124_439_808, 85_056_000, 1024), ((50257, 1600), 1_557_611_200, 1_475_561_600, 1024)],
)
def test_gpt2_parameter_counts(model, total, layers, positions):
    """Counts of the released GPT-2 small and XL weights, tied embeddings."""
    vocab, width = model
    sizes = {"vocab": vocab, "width": width, "positions": positions}
    assert convert_params(total, "total", "non-embedding", **sizes) == layers
    assert (
        convert_params(layers, "non-embedding", "non-embedding-with-head", **sizes) == layers + vocab * width
    )


@given(
    source=st.sampled_from(COUNTS),
    target=st.sampled_from(COUNTS),
    tied=st.booleans(),
    width=st.integers(1, 10_000),
    layers=st.integers(1, 10**12),
)
def test_parameter_counts_convert_there_and_back(source, target, tied, width, layers):
    sizes = {"vocab": 50_000, "width": width, "tied": tied, "positions": 7}
    params = convert_params(layers, "non-embedding", source, **sizes)
    there = convert_params(params, source, target, **sizes)
    assert convert_params(there, target, source, **sizes) == pytest.approx(params)


def test_an_untied_output_layer_is_counted_in_the_total_only_once_more():
    sizes = {"vocab": 100, "width": 10}
    assert convert_params(5_000, "non-embedding", "total", **sizes) == 6_000
    assert convert_params(5_000, "non-embedding", "total", tied=False, **sizes) == 7_000


def test_a_count_smaller_than_its_embedding_is_refused():
    with pytest.raises(ConventionError, match="not larger than the embedding"):
        convert_params(np.array([1e9, 1e6]), "total", "non-embedding", vocab=50_000, width=1_000)
    with pytest.raises(ConventionError, match="must be positive"):
        convert_params(1e9, "total", "non-embedding", vocab=0, width=1_000)


@pytest.mark.parametrize(
    ("other", "conversion"),
    [
        (Conventions(flop_rule="reported"), "with_flop_rule"),
        (Conventions(param_count="non-embedding"), "convert_params"),
        (Conventions(loss_unit="bits/token"), "with_loss_unit"),
    ],
)
def test_tables_that_count_differently_name_a_conversion_that_exists(other, conversion):
    from scaling_utils.runs import RunTable

    with pytest.raises(ConventionError, match="cannot be mixed") as caught:
        Conventions().require_same(other, names=("a.csv", "b.csv"))
    assert conversion in str(caught.value)
    for name in re.findall(r"RunTable\.(\w+)", str(caught.value)):
        assert hasattr(RunTable, name)
    assert hasattr(module, conversion) or hasattr(RunTable, conversion)


def test_conventions_are_refused_before_they_mislead():
    with pytest.raises(ConventionError, match="flop_rule is '2ND'; it must be one of '6ND', 'reported'"):
        Conventions(flop_rule="2ND")
    Conventions().require_same(Conventions())
    assert Conventions().as_dict()["loss_unit"] == "nats/token"
