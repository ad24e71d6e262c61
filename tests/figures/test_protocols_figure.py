import pytest

from scaling_utils import load
from scaling_utils.allocation import ModelShape
from scaling_utils.allocation.accounting_study import accounting_study, recounted_runs
from scaling_utils.figures.protocols import plot_accounting, plot_protocols
from scaling_utils.fitting.protocols import fit_protocols
from scaling_utils.results import Estimate

SHAPE = ModelShape(vocab=32_000, aspect=39.2)


@pytest.fixture(scope="module")
def fits():
    runs = recounted_runs("besiroglu2024", 768, 1.5e9, shape=SHAPE)
    return fit_protocols(runs, window=4, noise=0.002, resamples=200)


def labels(axis):
    return [text.get_text() for text in axis.get_legend().get_texts()]


def test_each_protocol_has_a_row_and_a_law(fits):
    exponents, minima = plot_protocols(fits, {}, marks={"Kaplan": 0.73})
    assert [t.get_text() for t in exponents.get_yticklabels()] == [fit.title for fit in fits.values()]
    assert exponents.get_xscale() == "linear" and exponents.yaxis_inverted()
    assert labels(exponents) == ["interpolation", "parabola"]
    assert minima.get_xscale() == minima.get_yscale() == "log"
    assert len(labels(minima)) == len(fits)
    points = [line for line in minima.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in points] == [len(f.interpolated.budgets) for f in fits.values()]


def test_published_exponents_are_drawn_open_where_there_are_any(fits):
    exponents, _ = plot_protocols(fits, {"both": Estimate(0.5, 0.4, 0.6)}, marks={})
    assert labels(exponents) == ["published", "interpolation", "parabola"]
    (published,) = (line for line in exponents.lines if line.get_marker() == "D")
    assert published.get_markerfacecolor() == "white" and list(published.get_xdata()) == [0.5]


def test_accounting_shades_what_the_law_does_not_cover():
    study = accounting_study("besiroglu2024", 768, 1.5e9, shape=SHAPE, law_runs=load("hoffmann2022-fig4"))
    sizes, slopes = plot_accounting(study, marks={"Kaplan": 0.73, "Hoffmann": 0.5})
    assert sizes.get_xscale() == sizes.get_yscale() == slopes.get_xscale() == "log"
    assert slopes.get_yscale() == "linear"
    for axis in (sizes, slopes):
        assert "the law extrapolates" in labels(axis)
    assert labels(sizes)[0] == "N and C without embeddings: $a$ = 0.79"
    assert [text.get_text() for text in slopes.texts] == ["Kaplan", "Hoffmann", "sizes of the study"]
