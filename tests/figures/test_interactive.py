"""Interactive twins: what they show, that they are the same each time, and that both themes can show them."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scaling_utils import fit_envelope, fit_isoflop, fit_parametric, load
from scaling_utils.errors import DataError
from scaling_utils.figures.charts import in_house_style
from scaling_utils.figures.embed import MAX_BYTES, chart_html, json_script
from scaling_utils.figures.explorer import FADED, PALETTE, best_sizes, valley
from scaling_utils.figures.interactive import (
    explore_compute,
    explore_envelope,
    explore_isoflop,
    explore_pair,
    explore_steps,
    explore_surface,
    explore_trailing,
    thinned_curves,
)
from scaling_utils.figures.interactive.curves import CURVE_POINTS, PLACES
from scaling_utils.fitting.envelope import simulate_runs
from scaling_utils.fitting.kaplan import at_fixed_compute, at_fixed_steps, simulate_curves
from scaling_utils.fitting.pair import compare_pair
from scaling_utils.fitting.trailing import fit_places
from scaling_utils.laws import HoffmannLaw, KaplanLaw, published_law
from scaling_utils.runs.table import RunTable

PAGES = ("#ffffff", "#14181e")
"""Backgrounds of the theme, light and dark."""


@pytest.fixture(scope="module")
def isoflop():
    runs = load("hoffmann2022-fig4")
    return fit_isoflop(runs, window=4.0, resamples=5, seed=0), runs


@pytest.fixture(scope="module")
def envelope():
    law = HoffmannLaw(**published_law("hoffmann2022-unrounded").values)
    runs = simulate_runs(law, noise=0.002, seed=0, source="simulated")
    return fit_envelope(runs, resamples=5, seed=0), runs


@pytest.fixture(scope="module")
def kaplan():
    law = KaplanLaw(**published_law("kaplan2020-ns").values)
    runs = simulate_curves(law, noise=0.005, seed=0, sizes=(1e6, 1e9, 12))
    return at_fixed_compute(runs), at_fixed_steps(runs), law


@pytest.fixture(scope="module")
def places():
    runs = load("lu2025-moba")
    return fit_places(runs, resamples=0), runs


@pytest.fixture(scope="module")
def pair():
    points = np.linspace(1e9, 2e11, 400)
    curves = [
        pd.DataFrame({"run": name, "N": size, "D": points, "loss": 2 + 1e3 * points**-0.3 + gap})
        for name, size, gap in (("large", 2e9, 0.1), ("small", 1e9, 0.0))
    ]
    runs = RunTable.from_frame(pd.concat(curves), source="two")
    return compare_pair(runs, flops=1e21, seed_spread=0.02)


def rows(spec):
    """Every point of a chart, as the page unpacks it."""
    found = []
    for data in spec["datasets"].values():
        for row in data:
            lists = {name: value for name, value in row.items() if isinstance(value, list)}
            shared = {name: value for name, value in row.items() if name not in lists}
            found += [
                shared | dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)
            ]
    return found


def test_every_run_of_the_valleys_can_be_pointed_at(isoflop):
    fit, runs = isoflop
    shown = {row["run"]: row for row in rows(in_house_style(explore_isoflop(fit, runs))) if "run" in row}
    assert len(shown) == sum(valley.n_runs for valley in fit.valleys)
    frame = runs.frame.set_index("run_id")
    for name, row in shown.items():
        for letter, column in {"N": "params", "D": "tokens", "C": "flops", "L": "loss"}.items():
            assert row[letter] == pytest.approx(frame.loc[name, column], rel=1e-3)


def test_curves_are_thinned_and_keep_their_ends(envelope):
    fit, runs = envelope
    curves = thinned_curves(fit, runs)
    assert curves.groupby("run").size().max() <= CURVE_POINTS
    last = runs.frame.groupby("run_id")["flops"].max()
    assert np.allclose(curves.groupby("run")["C"].max(), last.loc[sorted(set(curves["run"]))], rtol=1e-3)


def test_twins_are_light_and_the_same_each_time(isoflop, envelope, kaplan, pair, places):
    runs = isoflop[1]
    parametric = fit_parametric(runs, resamples=0)
    slices, by_steps, law = kaplan
    for draw in (
        lambda: explore_compute(slices, law, batch=2**19),
        lambda: explore_steps(by_steps, law, batch=2**19),
        lambda: explore_envelope(*envelope),
        lambda: explore_isoflop(*isoflop),
        lambda: explore_surface(parametric, runs),
        lambda: explore_pair(pair, names=("one", "other")),
        lambda: explore_trailing(*places),
    ):
        once, twice = (chart_html("x", in_house_style(draw()), label="x") for _ in range(2))
        assert once == twice
        assert len(once) < MAX_BYTES
        assert "https://" not in once


def test_points_at_fixed_compute_and_steps_tell_run_size_tokens_and_loss(kaplan):
    slices, by_steps, law = kaplan
    compute = [row for row in rows(in_house_style(explore_compute(slices, law, batch=2**19))) if "run" in row]
    assert len(compute) == len(slices.frame)
    assert {row["run"] for row in compute} == set(slices.frame["curve"])
    steps = [row for row in rows(in_house_style(explore_steps(by_steps, law, batch=2**19))) if "run" in row]
    assert len(steps) == len(by_steps)
    for row in (*compute, *steps):
        assert row["C"] == pytest.approx(6 * row["N"] * row["D"], rel=2e-3)
    tokens = sorted({row["D"] for row in steps})
    assert tokens == pytest.approx(sorted(2**19 * by_steps["steps"].unique()), rel=1e-3)


def test_the_axis_of_loss_has_the_unit_of_the_runs(kaplan):
    slices, by_steps, law = kaplan
    in_bits = replace(slices, conventions=replace(slices.conventions, loss_unit="bits/byte"))
    for chart in (
        explore_compute(in_bits, law, batch=2**19),
        explore_steps(by_steps, law, batch=2**19, loss_unit="bits/byte"),
    ):
        told = json.dumps(chart.to_dict())
        assert "Test loss (bits/byte)" in told and "nats" not in told


def test_both_curves_of_a_pair_end_at_the_budget(pair):
    drawn = rows(in_house_style(explore_pair(pair, names=("one", "other"))))
    for name, side in (("one", "larger"), ("other", "smaller")):
        last = max((row for row in drawn if row["model"] == name), key=lambda row: row["C"])
        assert last["C"] == 1e21 and last["L"] == pytest.approx(pair.final(side), rel=1e-4)
        assert last["N"] == pair.params[side]


def test_places_are_picked_from_a_list(places):
    fits, runs = places
    spec = in_house_style(explore_trailing(fits, runs))
    (pick,) = (param for param in spec["params"] if param["name"] == "pick")
    shown = {row["place"] for row in rows(spec)}
    assert set(pick["bind"]["options"]) == shown and len(shown) == len(fits) <= PLACES
    assert pick["value"] == [{"place": pick["bind"]["options"][-1]}]
    assert len({row["run"] for row in rows(spec) if "run" in row}) == runs.n_runs
    one = in_house_style(explore_trailing({"30-32": fits["30-32"]}, runs))
    assert [param["name"] for param in one["params"]] == ["window"]


def test_a_chart_too_heavy_for_a_page_is_refused():
    with pytest.raises(DataError, match="fewer points"):
        chart_html("x", {"data": "1" * MAX_BYTES}, label="x")


def test_text_from_outside_cannot_end_the_script():
    assert json_script({"run": "</script><script>alert(1)</script>"}).count("</script>") == 1
    assert "<b>" not in chart_html("x", {}, label='"><b>')


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("page", PAGES)
def test_lines_stand_out_in_both_themes(page):
    for colour in (*PALETTE, FADED):
        dark, light = sorted((luminance(colour), luminance(page)))
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_the_charts_of_the_explorer_take_the_parameters_of_the_page():
    defaults = {"budget": 1e24, "shown": ["a"], "quantity": "ratio", "loss_law": "a"}
    rows = [{"C": [1e18, 1e26], "N": [1e8, 1e12], "L": [2.0, 3.0]}]
    for chart in (best_sizes(defaults, rows), valley(defaults, rows)):
        spec = in_house_style(chart)
        assert {param["name"]: param["value"] for param in spec["params"]} == defaults


def test_charts_of_very_many_runs_stay_light():
    law = HoffmannLaw(**published_law("besiroglu2024").values)
    rows = [
        ("x" * 200 + f"{budget:g} {size:g}", params, tokens, float(law.loss(params, tokens)), budget)
        for budget in np.geomspace(1e18, 1e21, 60)
        for size in np.geomspace(0.3, 3, 9)
        for params in [float(law.params_opt(budget) * size)]
        for tokens in budget / (6 * params) * np.array([0.1, 0.3, 1])
    ]
    columns = ["run_id", "params", "tokens", "loss", "budget"]
    runs = RunTable.from_frame(pd.DataFrame(rows, columns=columns), source="many")
    charts = {
        "isoflop": explore_isoflop(fit_isoflop(runs, resamples=0), runs),
        "envelope": explore_envelope(fit_envelope(runs, smoothing=0, resamples=0), runs),
        "surface": explore_surface(fit_parametric(runs.final_points(), resamples=0), runs.final_points()),
    }
    for name, chart in charts.items():
        assert len(chart_html(name, in_house_style(chart), label=name)) < MAX_BYTES + 1000
