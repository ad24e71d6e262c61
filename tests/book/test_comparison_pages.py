"""Fragments of the chapters, with results and without."""

from pathlib import Path

import pytest

from scaling_utils.book.comparisons import pair, protocols
from scaling_utils.book.project import Project

SCENARIOS = """
- notebook: 05-kaplan-vs-approach-1
  name: laws
  title: predicted
- notebook: 05-kaplan-vs-approach-1
  name: gemstone
  title: measured
  parameters: {dataset: gemstone}
- notebook: 07-why-kaplan-and-chinchilla-differ
  name: accounting
  title: counted
- notebook: 07-why-kaplan-and-chinchilla-differ
  name: refinedweb
  title: RefinedWeb
  parameters: {dataset: porian-refinedweb, published: porian.rw}
"""


@pytest.fixture
def project(tmp_path):
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    (notebooks / "scenarios.yml").write_text(SCENARIOS)
    for name in ("05-kaplan-vs-approach-1", "07-why-kaplan-and-chinchilla-differ"):
        (notebooks / f"{name}.ipynb").write_text("{}")
    (tmp_path / "_config.yml").write_text("")
    return Project(Path(tmp_path))


def estimate(value):
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def test_without_results_the_fragments_say_so(project):
    assert "not at hand" in protocols.verdict(project, {})
    text = protocols.comparison(project, {})
    assert text.count("no data at hand") == 5 and "{figure}" not in text
    text = pair.comparison(project, {})
    assert text.count("not executed") == 7 and text.count("no data at hand") == 1


def test_with_results_they_show_ours_beside_the_published(project):
    keys = ("kaplan", "last_layer", "short_warmup", "cosine", "tuned")
    ours = {f"a_{k}": estimate(0.5) for k in keys} | {f"a_{k}_interpolated": estimate(0.6) for k in keys}
    results = {("07-why-kaplan-and-chinchilla-differ", "refinedweb"): ours}
    assert "from 0.600 under Kaplan's protocol" in protocols.verdict(project, results)
    text = protocols.comparison(project, results)
    assert "../figures/07-why-kaplan-and-chinchilla-differ/refinedweb/protocols.svg" in text
    assert "| 0.835 (0.824 to 0.846) | 0.600 (0.590 to 0.610) | -0.235 | 0.500 (0.490 to 0.510) |" in text
    results = {("05-kaplan-vs-approach-1", "gemstone"): {"gap": estimate(0.104)}}
    assert "+0.104 | +0.094 to +0.114" in pair.comparison(project, results)
