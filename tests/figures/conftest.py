import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from scaling_utils.figures.style import use_house_style


@pytest.fixture(autouse=True)
def _house_style():
    with mpl.rc_context():
        mpl.use("Agg")
        use_house_style()
        yield
        plt.close("all")
