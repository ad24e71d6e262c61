import numpy as np
import pandas as pd
import pytest

from scaling_utils import load
from scaling_utils.allocation.constants import constants_table, printed_constants
from scaling_utils.errors import DataError
from scaling_utils.figures.parametric import plot_constants, plot_residuals, plot_surface
from scaling_utils.fitting.parametric import drop_largest_losses, fit_parametric, surface_residuals
from scaling_utils.runs.table import RunTable

GOPHER = 5.76e23


@pytest.fixture(scope="module")
def fitted():
    runs = drop_largest_losses(load("hoffmann2022-fig4"), 5)
    return fit_parametric(runs, resamples=200), runs


def test_panels_show_what_the_source_figure_shows(fitted):
    fit, runs = fitted
    surface, slices, frontier = plot_surface(fit, runs, project_to=GOPHER, others=printed_constants())
    assert surface.get_xscale() == surface.get_yscale() == "log"
    assert (slices.get_xscale(), slices.get_yscale()) == ("log", "linear")
    assert len(surface.collections[-1].get_offsets()) == 240
    assert len(slices.collections[0].get_offsets()) == 110
    assert sum(len(line.get_xdata()) == 60 for line in slices.lines) == 9
    assert "44 times past the data" in frontier.texts[0].get_text()
    assert len(frontier.get_legend().get_texts()) == 4
    squares = [line for line in frontier.lines if line.get_marker() == "s"]
    assert sorted(float(s.get_ydata()[0]) for s in squares) == pytest.approx(
        [32.2e9, 40.4e9, 72.2e9], rel=0.01
    )


def test_runs_without_budgets_are_cut_at_budgets_of_the_figure(fitted):
    _, runs = fitted
    frame = runs.frame[["params", "tokens", "loss"]]
    plain = RunTable.from_frame(frame.iloc[::4], source="mine")
    slices = plot_surface(fit_parametric(plain, resamples=0), plain)[1]
    assert 2 <= sum(len(line.get_xdata()) == 60 for line in slices.lines) <= 7


def test_residuals_are_told_apart_by_how_losses_were_read(fitted):
    fit, runs = fitted
    scatter, sizes = plot_residuals(fit, runs)
    labels = [text.get_text() for text in scatter.get_legend().get_texts()]
    assert labels == ["read by position (110)", "read by colour (130)"]
    drawn = np.concatenate([line.get_ydata() for line in scatter.lines if line.get_marker() in "oD"])
    assert np.sort(drawn) == pytest.approx(np.sort(100 * surface_residuals(fit, runs)))
    assert sizes.get_xscale() == "log"


def test_constants_without_interval_are_open(fitted):
    fit, _ = fitted
    table = constants_table(printed_constants() | {"ours": fit}, GOPHER)
    exponent, size = plot_constants(table, project_to=GOPHER)
    open_markers = [line for line in exponent.lines if line.get_markerfacecolor() == "white"]
    assert len(open_markers) == 3
    assert size.get_xscale() == "log"
    assert [t.get_text() for t in exponent.get_yticklabels()] == list(table.index)


def test_a_fit_without_answer_is_refused():
    frame = pd.DataFrame({"N": [1e8, 2e8, 4e8], "D": [1e9, 2e9, 4e9], "loss": [3.4, 3.2, 3.0]})
    runs = RunTable.from_frame(frame, source="mine")
    with pytest.raises(DataError, match="too few"):
        plot_surface(fit_parametric(runs), runs)


def test_figure_is_the_same_to_the_byte(fitted, tmp_path):
    written = []
    for name in ("one", "two"):
        figure = plot_surface(*fitted, project_to=GOPHER, others=printed_constants())[0].figure
        figure.savefig(tmp_path / f"{name}.svg", metadata={"Date": None})
        written.append((tmp_path / f"{name}.svg").read_bytes())
    assert written[0] == written[1]
