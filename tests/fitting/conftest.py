import numpy as np
import pandas as pd
import pytest

from scaling_utils.conventions import tokens_for
from scaling_utils.runs.table import RunTable


@pytest.fixture
def valleys():
    """A function that makes IsoFLOP runs whose valleys are exact parabolas with N_opt = 0.1 C^0.5."""

    def make(*, noise=0.0, span=3.0, sizes=9, budgets=(1e18, 1e19, 1e20, 1e21), shift=0.0, seed=0, repeats=1):
        rng = np.random.default_rng(seed)
        rows = []
        for budget in budgets:
            offset = np.tile(np.linspace(-np.log(span), np.log(span), sizes) + shift, repeats)
            params = 0.1 * budget**0.5 * np.exp(offset)
            loss = 2 + 50 * budget**-0.08 + 0.06 * offset**2 + noise * rng.normal(size=len(offset))
            rows.append(pd.DataFrame({"params": params, "loss": loss, "flops": budget, "budget": budget}))
        frame = pd.concat(rows, ignore_index=True)
        frame["tokens"] = tokens_for(frame["flops"], frame["params"])
        return RunTable.from_frame(frame, source="planted")

    return make
