from dataclasses import replace

import numpy as np
import pytest

from scaling_utils.figures.envelope import DOTS, THIRDS, plot_bend, plot_envelope, plot_optima
from scaling_utils.fitting.envelope import fit_envelope, fit_floor, simulate_runs
from scaling_utils.laws import HoffmannLaw, allocation_law, published_law
from scaling_utils.results import Estimate

GOPHER = 5.76e23
LAW = HoffmannLaw(**published_law("hoffmann2022-unrounded").values)


@pytest.fixture(scope="module")
def fitted():
    runs = simulate_runs(LAW, noise=0.002, seed=0)
    fit = fit_envelope(runs, flops_range=(1e18, 1e22), resamples=200)
    return fit, runs, fit_floor(runs, fit, resamples=100)


def dashed(axis):
    colours = [colour for _, colour in THIRDS]
    return [line for line in axis.lines if line.get_color() in colours and line.get_linestyle() == "--"]


def test_curves_have_the_axes_and_encodings_of_the_source_figure(fitted):
    fit, runs, floor = fitted
    left, right = plot_envelope(fit, runs, floor, project_to=GOPHER)
    assert left.get_xscale() == left.get_yscale() == "log"
    assert left.get_xlim() == pytest.approx((1e17, 1e22))
    assert left.get_ylim()[1] == pytest.approx(6)
    bar = next(axis for axis in left.figure.axes if axis not in (left, right))
    assert (bar.get_ylabel(), bar.get_yscale()) == ("Parameters (millions)", "log")
    assert bar.get_ylim() == pytest.approx((75, 10_000))
    assert len([line for line in left.lines if line.get_linewidth() == 0.9]) == 40


def test_three_dashed_lines_run_through_the_thirds_and_cross_inside_the_plot(fitted):
    fit, runs, floor = fitted
    left, _ = plot_envelope(fit, runs, floor, project_to=GOPHER)
    lines = dashed(left)
    assert [line.get_color() for line in lines] == ["#D55E00", "#009E73", "#0072B2"]
    for line, third in zip(lines, fit.thirds, strict=True):
        x, y = line.get_data()
        assert tuple(x) == pytest.approx((1e17, 1e22))
        assert -np.diff(np.log(y)) / np.diff(np.log(x)) == pytest.approx(third.g.value)
    crossings = fit.crossings()
    assert crossings["flops"].between(*left.get_xlim()).all()
    assert crossings["loss"].between(*left.get_ylim()).all()
    told = [text.get_text() for text in left.get_legend().get_texts()]
    assert [words.split(" third")[0] for words in told] == ["first", "middle", "last"]
    assert all("[" in words for words in told)


def test_dots_are_a_subset_of_the_frontier(fitted):
    fit, runs, floor = fitted
    left, _ = plot_envelope(fit, runs, floor, project_to=GOPHER)
    (dots,) = [line for line in left.lines if line.get_marker() == "o"]
    assert len(dots.get_xdata()) == DOTS
    assert set(zip(*dots.get_data(), strict=True)) <= set(
        zip(fit.points["budget"], fit.points["loss"], strict=True)
    )


def test_the_line_of_the_first_third_ends_below_the_floor_in_the_shaded_part(fitted):
    fit, runs, floor = fitted
    _, right = plot_envelope(fit, runs, floor, project_to=GOPHER)
    ends = {line.get_markeredgecolor(): line.get_data() for line in right.lines if line.get_marker() == "s"}
    assert len(ends) == 4
    (at,), (loss,) = ends["#D55E00"]
    assert at == GOPHER and loss == pytest.approx(1.36, abs=0.05) and loss < floor.E.low
    assert "58 times past the data" in " ".join(text.get_text() for text in right.texts)


def test_optima_have_both_laws_with_bands_and_the_projection(fitted):
    fit, *_ = fitted
    published = allocation_law("hoffmann2022-approach1-params")
    for axis, tokens in zip(plot_optima(fit, project_to=GOPHER, published=published), (0, 1), strict=True):
        assert axis.get_xscale() == axis.get_yscale() == "log"
        (square,) = [line for line in axis.lines if line.get_marker() == "s"]
        assert square.get_ydata()[0] == fit.project(GOPHER)[tokens].value
        legend = [text.get_text() for text in axis.get_legend().get_texts()]
        assert {"95 % band", "extrapolation", "published, Approach 1"} <= set(legend)


def test_the_floored_law_leaves_less_of_the_frontier_than_a_straight_line(fitted):
    fit, _, floor = fitted
    straight, floored = plot_bend(fit, floor).lines[:2]
    assert np.abs(floored.get_ydata()).max() < np.abs(straight.get_ydata()).max() / 5


def test_figures_stand_without_intervals(fitted):
    _, runs, _ = fitted
    fit = fit_envelope(runs, flops_range=(1e18, 1e22), resamples=0)
    left, _ = plot_envelope(fit, runs, fit_floor(runs, fit, resamples=0), project_to=GOPHER)
    left.figure.canvas.draw()
    plot_optima(fit, project_to=GOPHER)[0].figure.canvas.draw()


def test_figure_is_the_same_to_the_byte(fitted, tmp_path):
    fit, runs, floor = fitted
    for name in ("one", "two"):
        figure = plot_envelope(fit, runs, floor, project_to=GOPHER)[0].figure
        figure.savefig(tmp_path / f"{name}.svg", metadata={"Date": None})
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_without_a_floor_none_is_drawn(fitted):
    fit, runs, floor = fitted
    none = replace(floor, E=Estimate(0.0, 0.0, 0.3), status="no floor")
    _, with_floor = plot_envelope(fit, runs, floor, project_to=GOPHER)
    _, without = plot_envelope(fit, runs, none, project_to=GOPHER)
    names = [{text.get_text() for text in axis.get_legend().get_texts()} for axis in (with_floor, without)]
    assert names[0] - names[1] == {"its floor E"}
    low, high = without.get_ylim()
    assert 0 < low < high
    without.figure.canvas.draw()
