"""Interactive twins: what they show, that they are the same each time, and that both themes can show them."""

import json

import numpy as np
import pandas as pd
import pytest

from scaling_utils import fit_envelope, fit_isoflop, fit_parametric, load
from scaling_utils.errors import DataError
from scaling_utils.figures.charts import in_house_style
from scaling_utils.figures.embed import MAX_BYTES, chart_html, json_script
from scaling_utils.figures.explorer import FADED, PALETTE, best_sizes, valley
from scaling_utils.figures.interactive import (
    CURVE_POINTS,
    explore_envelope,
    explore_isoflop,
    explore_surface,
    thinned_curves,
)
from scaling_utils.fitting.envelope import simulate_runs
from scaling_utils.laws import HoffmannLaw, published_law
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


def rows(spec):
    return [row for data in spec["datasets"].values() for row in data]


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


def test_twins_are_light_and_the_same_each_time(isoflop, envelope):
    runs = isoflop[1]
    parametric = fit_parametric(runs, resamples=0)
    for explore, inputs in (
        (explore_isoflop, isoflop),
        (explore_envelope, envelope),
        (explore_surface, (parametric, runs)),
    ):
        once, twice = (json.dumps(in_house_style(explore(*inputs))) for _ in range(2))
        assert once == twice
        assert len(once) < MAX_BYTES
        assert "https://" not in once


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
