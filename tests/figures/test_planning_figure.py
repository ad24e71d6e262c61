from dataclasses import replace

import numpy as np
import pytest

from scaling_utils import load
from scaling_utils.allocation.planning import (
    PLANS,
    SUPERSEDED,
    plan_table,
    planning_sources,
    reach,
    spread,
)
from scaling_utils.figures.planning import FADED, cost_sources, plot_cost, plot_plans
from scaling_utils.figures.style import CONTRAST
from scaling_utils.fitting.methods import fit_runs
from scaling_utils.fitting.parametric import drop_largest_losses
from scaling_utils.laws import published_law


@pytest.fixture(scope="module")
def fit():
    return fit_runs(drop_largest_losses(load("hoffmann2022-fig4"), 5), "approach3", resamples=200)


def test_every_law_has_a_line_and_a_marker(fit):
    sources = planning_sources(fit)
    table = plan_table(sources, 1e24)
    ratios, sizes = plot_plans(sources, table, 1e24)
    assert ratios.get_xscale() == ratios.get_yscale() == sizes.get_xscale() == "log"
    markers = [line for line in sizes.lines if line.get_marker() == "o"]
    assert [float(m.get_xdata()[0]) for m in markers] == pytest.approx(table["N_opt"].tolist())
    assert {m.get_markerfacecolor() for m in markers} == {"white"}  # all lie beyond their runs
    assert markers[0].get_color() == CONTRAST
    assert sum(m.get_color() == FADED for m in markers) == len(SUPERSEDED)
    assert [t.get_text() for t in sizes.get_yticklabels()] == list(table.index)


def test_lines_are_solid_within_the_runs_and_dashed_beyond():
    sources = planning_sources()
    ratios, _ = plot_plans(sources, plan_table(sources, 1e24), 1e24)
    lines = [line for line in ratios.lines if len(line.get_xdata()) > 2]
    assert len(lines) == 2 * len(PLANS)
    solid, dashed = lines[::2], lines[1::2]
    assert {line.get_linestyle() for line in solid} == {"-"}
    for first, second in zip(solid, dashed, strict=True):
        assert first.get_xdata()[-1] == second.get_xdata()[0]


def test_a_small_budget_lies_on_the_axis_and_small_runs_end_before_it():
    small = fit_runs(load("ladder-prose"), "approach3", resamples=0)
    sources = planning_sources(small)
    ratios, _ = plot_plans(sources, plan_table(sources, 3e14), 3e14)
    first, last = ratios.get_xlim()
    assert first < reach(small) < 3e14 < last
    solid, dashed = (line.get_xdata() for line in ratios.lines[:2])
    assert solid[0] == first and solid[-1] == dashed[0] <= reach(small) and dashed[-1] == last


def test_a_law_is_not_drawn_where_it_leaves_no_best_size():
    sources = {"Hoffmann 2022": published_law("hoffmann2022")}
    ratios, _ = plot_plans(sources, plan_table(sources, 1e4), 1e4)
    assert np.isnan(ratios.lines[0].get_ydata()[0]) and np.isfinite(ratios.lines[0].get_ydata()[-1])


def test_the_cost_is_that_of_the_fit_with_a_band_or_of_published_laws(fit):
    assert list(cost_sources(planning_sources(fit))) == ["approach3 on hoffmann2022-fig4"]
    published = list(cost_sources(planning_sources()))
    assert published == ["Besiroglu 2024"]
    loss, wasted = plot_cost(planning_sources(fit), 1e24)
    for axis in (loss, wasted):
        (line,) = axis.lines
        assert np.argmin(line.get_ydata()) == len(line.get_xdata()) // 2
        assert line.get_ydata().min() == pytest.approx(0, abs=1e-6)


def test_the_cost_is_in_the_unit_of_the_fit(fit):
    in_bits = replace(fit, conventions=replace(fit.conventions, loss_unit="bits/byte"))
    loss, _ = plot_cost({"ours": in_bits}, 1e24)
    assert loss.get_ylabel() == "Loss above the best (bits/byte)"


def test_a_smaller_budget_fills_the_markers_of_laws_with_larger_runs():
    sources = planning_sources()
    table = plan_table(sources, 1e21)
    _, sizes = plot_plans(sources, table, 1e21)
    filled = [m.get_markerfacecolor() != "white" for m in sizes.lines if m.get_marker() == "o"]
    assert filled == (table["times past data"] <= 1).tolist()
    assert any(filled) and not all(filled)
    low, high = spread(table)
    assert low < high
