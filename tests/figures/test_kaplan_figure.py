import numpy as np
import pytest

from scaling_utils.figures.kaplan import plot_compute_and_steps
from scaling_utils.figures.kaplan_accountings import plot_accountings, plot_law_residuals
from scaling_utils.fitting.kaplan import simulate_curves, study_kaplan
from scaling_utils.laws import KaplanLaw, published_law

LAW = KaplanLaw(**published_law("kaplan2020-ns").values)
BUDGETS = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]
STEPS = [1e4, 2e4, 1e5]


@pytest.fixture(scope="module")
def study():
    runs = simulate_curves(LAW, noise=0.005, seed=0)
    return study_kaplan(runs, budgets=BUDGETS, steps=STEPS, smallest=1e6, warmup=1500, resamples=50)


def draw(study):
    return plot_compute_and_steps(study.slices, study.by_steps, study.minima, study.law, warmup=study.warmup)


def lines(axis, *, marker):
    return [line for line in axis.lines if line.get_marker() == marker]


def test_panels_have_the_axes_of_the_source_figure(study):
    left, right = draw(study)
    for axis in (left, right):
        assert axis.get_xlabel() == "Parameters (non-embedding)"
        assert axis.get_ylabel() == "Test loss (nats/token)"
        assert (axis.get_xscale(), axis.get_yscale()) == ("log", "linear")
    bars = [axis for axis in left.figure.axes if axis not in (left, right)]
    assert [bar.get_ylabel() for bar in bars] == ["Compute C (PF-days)", "Steps S"]
    assert {bar.get_yscale() for bar in bars} == {"log"}
    assert [bar.get_ylim() for bar in bars] == [pytest.approx((1e-5, 1)), pytest.approx((1e4, 1e5))]


def test_every_run_at_every_level_is_a_point_and_the_smallest_level_is_purple(study):
    left, right = draw(study)
    for axis, table, level in ((left, study.slices.frame, "budget"), (right, study.by_steps, "steps")):
        points = [line for line in lines(axis, marker="o") if line.get_markersize() < 4]
        assert sum(len(line.get_xdata()) for line in points) == len(table)
        levels = table[level].nunique()
        red, green, blue, _ = points[0].get_markeredgecolor()
        assert blue > green and red > green
        red, green, blue, _ = points[2 * levels - 1].get_markeredgecolor()
        assert min(red, green) > 2 * blue


def test_points_in_the_warm_up_are_hollow(study):
    hollow = [line for line in lines(draw(study)[0], marker="o") if line.get_markerfacecolor() == "white"]
    in_warmup = (study.slices.frame["tokens"] <= 1500 * 2.0**19).sum()
    assert sum(len(line.get_xdata()) for line in hollow) == in_warmup > 0


def test_minima_are_marked_with_intervals_and_move_right_and_down(study):
    marked = [line for line in lines(draw(study)[0], marker="o") if line.get_markersize() > 5]
    at = np.array([(line.get_xdata()[0], line.get_ydata()[0]) for line in marked])
    assert len(at) == len(BUDGETS)
    assert (np.diff(at[:, 0]) > 0).all() and (np.diff(at[:, 1]) < 0).all()


def test_accountings_shade_what_lies_beyond_the_budgets(study):
    for axis, published in zip(plot_accountings(study.minima, study.law), ("0.88", "0.73"), strict=True):
        assert axis.get_xscale() == axis.get_yscale() == "log"
        assert [text.get_text() for text in axis.texts] == ["extrapolation"]
        assert any(published in text.get_text() for text in axis.get_legend().get_texts())
        assert len(lines(axis, marker="o")) == len(BUDGETS)


def test_residuals_of_every_point_are_drawn(study):
    left_over = study.residuals()
    axis = plot_law_residuals(left_over, warmup=study.warmup)
    assert sum(len(part.get_offsets()) for part in axis.collections) == len(left_over)
    assert left_over.loc[left_over["fitted"], "residual"].abs().max() < 0.03


def test_figure_is_the_same_to_the_byte(study, tmp_path):
    written = []
    for name in ("one", "two"):
        draw(study)[0].figure.savefig(tmp_path / f"{name}.svg", metadata={"Date": None})
        written.append((tmp_path / f"{name}.svg").read_bytes())
    assert written[0] == written[1]
