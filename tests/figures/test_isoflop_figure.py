import numpy as np
import pytest

from scaling_utils import load
from scaling_utils.figures.isoflop import plot_isoflop, plot_residuals
from scaling_utils.fitting.isoflop import fit_isoflop


@pytest.fixture(scope="module")
def fitted():
    runs = load("hoffmann2022-fig4")
    return fit_isoflop(runs, resamples=200), runs


def test_panels_show_what_the_source_figure_shows(fitted):
    fit, runs = fitted
    valleys, params, tokens = plot_isoflop(fit, runs, project_to=5.76e23)
    assert [a.get_xlabel() for a in (valleys, params, tokens)] == ["Parameters N", *["Compute C (FLOPs)"] * 2]
    assert valleys.get_xscale() == "log" and valleys.get_yscale() == "linear"
    assert params.get_xscale() == params.get_yscale() == tokens.get_yscale() == "log"
    assert len(valleys.get_legend().get_texts()) == 9
    drawn = sum(len(c.get_offsets()) for c in valleys.collections)
    assert drawn == sum(v.n_runs for v in fit.valleys)
    assert "192 times past the data" in params.texts[0].get_text()


def test_every_fitted_run_is_in_sight():
    runs = load("ladder-prose")
    valleys = plot_isoflop(fit_isoflop(runs, window=20.0, fewest=2, resamples=50), runs)[0]
    points = np.concatenate([drawn.get_offsets() for drawn in valleys.collections])
    low, high = valleys.get_ylim()
    assert low < points[:, 1].min() and points[:, 1].max() < high


def test_one_sided_minima_are_drawn_open(fitted):
    fit, runs = fitted
    valleys = plot_isoflop(fit, runs)[0]
    markers = [
        line for line in valleys.lines if line.get_marker() in ("o", "D") and len(line.get_xdata()) == 1
    ]
    assert len(markers) == 9
    assert [m.get_markerfacecolor() for m in markers if m.get_marker() == "D"] == ["white"]


def test_figure_is_the_same_to_the_byte(fitted, tmp_path):
    written = []
    for name in ("one", "two"):
        plot_isoflop(*fitted, project_to=5.76e23)[0].figure.savefig(
            tmp_path / f"{name}.svg", metadata={"Date": None}
        )
        written.append((tmp_path / f"{name}.svg").read_bytes())
    assert written[0] == written[1]


def test_residuals_are_those_of_the_fitted_runs(fitted):
    fit, runs = fitted
    axis = plot_residuals(fit, runs)
    points = [line for line in axis.lines if line.get_marker() == "o"]
    assert sum(len(line.get_xdata()) for line in points) == sum(v.n_used for v in fit.valleys)
