"""A small copy of the book, whose notebooks are quick, and runs to report on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scaling_utils.book.project import Project
from scaling_utils.laws import HoffmannLaw, published_law

ROOT = Path(__file__).parents[2]
LAW = HoffmannLaw(**published_law("besiroglu2024").values)

QUICK = """\
from scaling_utils import load
from scaling_utils.notebook import keep, publish, show, start
from scaling_utils.results import Estimate, FitResult
start()
runs = load(dataset, variant=variant or None)
show("runs", runs.frame.head(), caption="The first rows.")
a = Estimate(0.5, 0.4, 0.6)
keep(FitResult("approach2", "power-law", "converged", len(runs), {"a": a}))
publish({"a": a, "data": runs.source})
"""
FIGURE = """\
import matplotlib.pyplot as plt
show("drawn", plt.subplots()[0])
"""


def slices(budgets: int = 4, sizes: int = 7, points: int = 1) -> pd.DataFrame:
    """IsoFLOP runs on a known surface, with that many points along each run."""
    rng = np.random.default_rng(0)
    rows = []
    for number, budget in enumerate(np.geomspace(1e18, 1e20, budgets)):
        for size, params in enumerate(LAW.params_opt(budget) * np.geomspace(0.3, 3, sizes)):
            noise = 0.001 * rng.standard_normal()
            for tokens in budget / (6 * params) * np.geomspace(1, 0.02, points):
                loss = float(LAW.loss(params, tokens)) * np.exp(noise)
                rows.append((f"b{number}-s{size}", round(params), tokens, loss, budget))
    return pd.DataFrame(rows, columns=["run_id", "params", "tokens", "loss", "budget"])


@pytest.fixture
def runs_csv(tmp_path: Path) -> Path:
    """A CSV of IsoFLOP runs."""
    path = tmp_path / "mine.csv"
    slices().drop(columns="run_id").to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def curves_of_slices() -> pd.DataFrame:
    """IsoFLOP runs with their training curves."""
    return slices(points=8)


class QuickBook:
    """The book with short notebooks: their text and parameters are kept, their code is not."""

    def __init__(self, root: Path) -> None:
        self.project = Project(root)
        for name in ("glossary.md", "references.md", "references.bib"):
            (root / "book").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / "book" / name, root / "book" / name)
        shutil.copytree(ROOT / "book/static", root / "book/static")
        shutil.copyfile(ROOT / "_config.yml", root / "_config.yml")
        (root / "notebooks").mkdir()
        (root / "notebooks/scenarios.yml").write_text("[]\n")
        for path in (ROOT / "notebooks").glob("*.ipynb"):
            self.write(path.stem, QUICK, FIGURE)

    def write(self, name: str, *code: str) -> None:
        """Give a notebook other code after its parameters."""
        original = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
        parameters = next(c for c in original["cells"] if "parameters" in c["metadata"].get("tags", []))
        title = "".join(original["cells"][0]["source"]).split("\n")[1]
        cells = [
            {
                "cell_type": "markdown",
                "id": "title",
                "metadata": {},
                "source": f"(toy-{name[:2]})=\n{title}\n",
            },
            parameters,
        ]
        cells += [
            {
                "cell_type": "code",
                "id": f"code-{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(code)
        ]
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.project.notebooks / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def quick_book(tmp_path: Path) -> QuickBook:
    """The book with short notebooks."""
    return QuickBook(tmp_path / "quick-book")
