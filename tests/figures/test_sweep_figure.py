import matplotlib.pyplot as plt
import pytest

from scaling_utils import design_sweep, published_law
from scaling_utils.figures.sweep import plot_design


def test_every_run_and_every_precision_is_drawn():
    design = design_sweep(published_law("besiroglu2024"), flops=1e21, reach=4, simulations=20)
    valleys, precision = plot_design(design)
    bars = [bar for bar in valleys.containers if bar.has_yerr]
    assert sum(len(bar.lines[0].get_xdata()) for bar in bars) == len(design.sweep.runs)
    diamonds = [line.get_xdata()[0] for line in valleys.lines if line.get_marker() == "D"]
    law = design.sweep.prior.law
    assert diamonds == pytest.approx([float(law.params_opt(budget)) for budget in design.sweep.budgets])
    for bar, method in zip(precision.containers, ("approach2", "approach3"), strict=True):
        shown = [p for p in design.precisions if p.method == method]
        (ends,) = (lines.get_segments() for lines in bar.lines[2])
        low_and_high = [(segment[0][1], segment[1][1]) for segment in ends]
        assert low_and_high == [pytest.approx((p.exponent.low, p.exponent.high)) for p in shown]
    plt.close(valleys.figure)
