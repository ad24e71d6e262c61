"""Fragments of the chapters, with results and without."""

from pathlib import Path

import pytest

from scaling_utils.book import comparisons
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
- notebook: 05-kaplan-vs-approach-1
  name: own
  title: own runs
  parameters: {dataset: ladder-prose-pair, dataset_kaplan: ladder-prose-fixed-steps}
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
    assert text.count("not executed") == 7 and text.count("no data at hand") == 2
    assert pair.verdict(project, {}) == ""
    assert pair.measured(project, {}).endswith("{#fig-pair-measured-own}\n")


def test_with_results_they_show_ours_beside_the_published(project):
    keys = ("kaplan", "last_layer", "short_warmup", "cosine", "tuned")
    ours = {f"a_{k}": estimate(0.5) for k in keys} | {f"a_{k}_interpolated": estimate(0.6) for k in keys}
    results = {("07-why-kaplan-and-chinchilla-differ", "refinedweb"): ours}
    assert "from 0.600 under Kaplan's protocol" in protocols.verdict(project, results)
    text = protocols.comparison(project, results)
    assert "../figures/07-why-kaplan-and-chinchilla-differ/refinedweb/protocols.svg" in text
    assert "| 0.835 (0.824 to 0.846) | 0.600 (0.590 to 0.610) | -0.235 | 0.500 (0.490 to 0.510) |" in text
    gap = estimate(0.104) | {"unit": "nats/token"}
    results = {("05-kaplan-vs-approach-1", "gemstone"): {"gap": gap, "spread_from": "assumed"}}
    assert "(nats/token) | – | +0.104 | +0.094 to +0.114 (spread assumed) |" in pair.comparison(
        project, results
    )


def test_the_books_own_pair(project):
    page = {
        "gap": estimate(-0.02) | {"unit": "nats/byte"},
        "apart": "0.020 nats/byte below",
        "judged": "The larger model wins.",
        "flops_text": "10¹³",
        "spread_from": "seeds",
        "size_kaplan": {"value": 264e3, "unit": "params"},
        "size_slice": {"value": 16e4, "low": 143e3, "high": 218e3, "unit": "params"},
        **{f"size_{key}_status": "few sizes" for key in ("kaplan", "slice")},
        **{f"size_{key}_count": "total" for key in ("kaplan", "slice")},
        **{f"size_{key}_answers": 0.35 for key in ("kaplan", "slice")},
        **{f"size_{key}_reach": 1.75e13 for key in ("kaplan", "slice")},
        **{f"size_{key}_nearer": "larger" for key in ("kaplan", "slice")},
        "compared_told": "The pair compares two sizes.",
        "minimum_told": "",
        **{"params_larger": 250880.0, "params_smaller": 48640.0, "runs_larger": 8.0, "runs_smaller": 8.0},
    }
    results = {("05-kaplan-vs-approach-1", "own"): page}
    assert "(nats/byte) | – | -0.020 | -0.030 to -0.010 |" in pair.comparison(project, results)
    assert pair.verdict(project, results) == (
        "On {doc}`own runs </notebooks/05-kaplan-vs-approach-1/own>`, at 10¹³ FLOPs, the larger model ends "
        "0.020 nats/byte below the smaller one. The larger model wins. The pair compares two sizes.\n"
    )
    text = pair.measured(project, results)
    rest = r"35% of resamples | few sizes | $1.75 \times 10^{13}$ | larger |"
    assert f"| Kaplan et al. (2020) | 264k (total) | – | {rest}" in text
    assert f"| Approach 2, the slice at this budget | 160k (total) | 143k to 218k | {rest}" in text
    assert "\n\nThe pair compares two sizes. The nearest" in text
    assert "251k with 8 runs and 48.6k with 8 runs" in text
    assert "../figures/05-kaplan-vs-approach-1/own/noise.svg" in text


@pytest.mark.parametrize("name", comparisons.FRAGMENTS)
def test_every_fragment_has_a_module_that_writes_it(project, name):
    """Modules are imported by name and late: here all of them are."""
    assert name in comparisons.comparison_fragments(project, {}, [name])
