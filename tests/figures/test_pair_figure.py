import pytest

from scaling_utils.allocation.recipes import expected_gaps, predicted_curves
from scaling_utils.figures.pair import plot_gap, plot_pair
from scaling_utils.fitting.pair import compare_pair
from scaling_utils.laws import published_law

NAMES = ("Kaplan et al. (2020)", "Approach 1")


@pytest.fixture(scope="module")
def pair():
    law = published_law("hoffmann2022-unrounded")
    return compare_pair(
        predicted_curves(law, dict(zip(NAMES, (4.74e9, 2.80e9), strict=True)), 1e21), seed_spread=0.02
    )


def test_panels_show_what_the_source_figure_shows(pair):
    sequences, compute = plot_pair(pair, sequence_length=2048, names=NAMES, predicted=True)
    for axis in (sequences, compute):
        assert axis.get_xscale() == axis.get_yscale() == "linear"
        levels = [line for line in axis.lines if list(line.get_xdata()) == [0, 1]]
        assert [round(line.get_ydata()[0], 3) for line in levels] == [2.312, 2.297]
        assert [line.get_color() for line in levels] == ["#D55E00", "#0072B2"]
    ends = [line.get_xdata() for line in sequences.lines if line.get_markerfacecolor() == "white"]
    assert [round(float(end[0]), 1) for end in ends] == [17.2, 29.1]
    ends = [line.get_xdata() for line in compute.lines if line.get_markerfacecolor() == "white"]
    assert [float(end[0]) for end in ends] == [1e21, 1e21]
    assert [t.get_text() for t in compute.get_legend().get_texts()] == [
        "Kaplan et al. (2020), 4.74B",
        "Approach 1, 2.8B",
    ]
    assert sequences.get_ylabel() == "Predicted loss (nats/token)"


def test_gap_is_drawn_against_the_noise_of_a_pair(pair):
    expected = expected_gaps(pair)
    axis = plot_gap(pair, expected, measured=False)
    assert [text.get_text() for text in axis.texts] == ["0.015", "0.022", "0.009"]
    assert len(plot_gap(pair, expected, measured=True).get_yticklabels()) == 4
