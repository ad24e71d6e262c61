import numpy as np
import pytest

from scaling_utils import load
from scaling_utils.figures.trailing import COLOURS, plot_residuals, plot_trailing
from scaling_utils.fitting.trailing import fit_places, printed_lines
from scaling_utils.runs.table import RunTable


@pytest.fixture(scope="module")
def runs():
    return load("lu2025-moba")


def draw(runs, places, *, printed=True):
    fits = fit_places(runs, places=places, resamples=300)
    pairs = printed_lines("lu2025", list(fits)) if printed else {}
    return plot_trailing(fits, runs, printed=pairs, compute_from=0.4, compute_to=5.0)


def lines_of(axis, **wanted):
    return [line for line in axis.lines if all(getattr(line, f"get_{k}")() == v for k, v in wanted.items())]


def test_one_place_is_drawn_as_in_the_source(runs):
    source, ends, gap = draw(runs, "30-32")
    assert source.get_xscale() == source.get_yscale() == "log"
    assert source.get_xlim() == (0.1, 10.0) and source.get_ylim() == (1.0, 6.0)
    assert source.get_ylabel() == "LM loss, positions 30–32K (nats/token)"
    for colour in COLOURS:
        curves = lines_of(source, color=colour, linewidth=0.8)
        assert len(curves) == 5
        assert all(line.get_linestyle() == "-" for line in curves)
        (law,) = lines_of(source, color=colour, linewidth=1.6)
        assert law.get_linestyle() == "--"
    labels = [text.get_text() for text in source.get_legend().get_texts()]
    assert labels == ["MoBA, projection", "Full attention, projection"]
    assert "1.553" in ends.texts[0].get_text() and "1.473" in ends.texts[0].get_text()
    assert gap.get_ylabel() == "MoBA above full attention (%)"
    (models,) = lines_of(gap, marker="D")
    assert len(models.get_xdata()) == 5
    assert "printed laws: 142" in gap.texts[0].get_text()


def test_extrapolation_is_shaded_on_both_sides_of_the_ends(runs):
    fit = fit_places(runs, places="30-32", resamples=0)["30-32"]
    source = draw(runs, "30-32")[0]
    shaded = sorted((p.get_x(), p.get_x() + p.get_width()) for p in source.patches)
    assert np.allclose(shaded, [(0.1, fit.covered[0]), (fit.covered[1], 10.0)])


def test_every_place_has_a_panel_and_a_gap(runs):
    places = [f"{k}-{k + 2}" for k in range(0, 32, 2)]
    axes = draw(runs, ", ".join(places))
    assert len(axes) == 18
    assert [axis.get_title(loc="left") for axis in axes[:2]] == ["Positions 0–2K", "Positions 2–4K"]
    assert all(len(lines_of(axis, linewidth=0.8)) == 10 for axis in axes[:16])
    for axis, title in zip(axes[16:], ("0.4", "5"), strict=True):
        assert axis.get_title(loc="left") == f"The gap at {title} PF-days"
        assert [label.get_text() for label in axis.get_xticklabels()][-1] == "30–32K"
        assert len(lines_of(axis, marker="o")[0].get_xdata()) == 16
        assert len(lines_of(axis, marker="D")[0].get_xdata()) == 16
    printed = lines_of(axes[16], marker="D")[0].get_ydata()
    assert printed[-1] == pytest.approx(6.67, abs=0.01)


def test_without_published_laws_there_are_no_dotted_lines(runs):
    _, ends, gap = draw(runs, "30-32", printed=False)
    assert not lines_of(ends, linestyle=":") and not lines_of(gap, linestyle=":")
    assert "printed" not in gap.texts[0].get_text()


def test_runs_elsewhere_get_limits_of_their_own(runs):
    frame = runs.frame.assign(flops=runs.frame["flops"] / 1e4)
    small = RunTable.from_frame(frame, conventions=runs.conventions, source="small")
    source = draw(small, "30-32")[0]
    assert source.get_xlim()[1] == pytest.approx(2 * 4.989e-4, rel=1e-3)


def test_residuals_are_those_of_every_end(runs):
    fits = fit_places(runs, places="0-2, 30-32", resamples=0)
    axis = plot_residuals(fits)
    points = [line for line in axis.lines if line.get_marker() in ("o", "s")]
    assert [len(line.get_xdata()) for line in points] == [10, 10]
    expected = [100 * (fits["0-2"].ends.loc["moba"]["loss"].iloc[0] / _law(fits["0-2"]) - 1)]
    assert points[0].get_ydata()[0] == pytest.approx(expected[0])


def test_figure_is_the_same_to_the_byte(runs, tmp_path):
    written = []
    for name in ("one", "two"):
        draw(runs, "30-32")[0].figure.savefig(tmp_path / f"{name}.svg", metadata={"Date": None})
        written.append((tmp_path / f"{name}.svg").read_bytes())
    assert written[0] == written[1]


def _law(fit):
    return float(fit.laws["moba"](fit.ends.loc["moba"]["pf_days"].iloc[0]))
