import pytest

from scaling_utils.book.comparisons.approaches import STATUS, on_the_ladder
from scaling_utils.book.scenarios import Scenario

PAGES = [
    Scenario(notebook=notebook, name=f"ladder-{corpus}", title=corpus)
    for notebook in STATUS
    for corpus in ("prose", "code")
]


@pytest.fixture(autouse=True)
def _scenarios(monkeypatch):
    monkeypatch.setattr("scaling_utils.book.results.load_scenarios", lambda _: PAGES)


def exponents(*estimates):
    """What the three pages publish on one corpus."""
    judged = (
        {"status": "few sizes", "n_sizes": "4", "n_all_sizes": "10"},
        {"n_interior": "2", "n_budgets": "3"},
    )
    return [
        {"a": {"value": value, "low": low, "high": high}, **status}
        for (value, low, high), status in zip(
            estimates, (*judged, {"status": "ill-conditioned"}), strict=True
        )
    ]


FOUND = {
    "prose": exponents((0.391, 0.081, 0.495), (0.475, 0.405, 0.620), (0.428, 0.362, 0.570)),
    "code": exponents((0.170, 0.009, 0.322), (0.632, 0.449, 0.732), (0.655, 0.436, 0.760)),
}
RESULTS = {
    (notebook, f"ladder-{corpus}"): page
    for corpus, pages in FOUND.items()
    for notebook, page in zip(STATUS, pages, strict=True)
}


def test_every_approach_has_its_exponent_interval_and_status():
    lines = on_the_ladder(None, RESULTS).splitlines()
    assert lines[2].startswith(
        "| prose | {doc}`Approach 1 </notebooks/02-training-curve-envelope/ladder-prose>`"
    )
    assert lines[2].endswith("| 0.391 | 0.081 to 0.495 | few sizes (4 of 10 hold the frontier) |")
    assert lines[3].endswith("| 0.475 | 0.405 to 0.620 | 2 of 3 budgets with a minimum inside |")
    assert lines[7].endswith("| 0.655 | 0.436 to 0.760 | ill-conditioned |")


def test_how_far_the_approaches_lie_apart_follows_the_numbers():
    told = on_the_ladder(None, RESULTS)
    assert "On prose the exponents lie 0.084 apart; all three intervals hold 0.405 to 0.495." in told
    assert "On code the exponents lie 0.485 apart; no value lies in all three intervals." in told


def test_pages_without_numbers():
    unknown = {("02-training-curve-envelope", "ladder-code"): FOUND["code"][0] | {"a": {"value": None}}}
    told = on_the_ladder(None, {**unknown, ("04-parametric-loss", "ladder-code"): FOUND["code"][2]})
    assert told.count("no data at hand") == 4 and "apart" not in told
    assert "| – | – | few sizes (4 of 10 hold the frontier) |" in told
