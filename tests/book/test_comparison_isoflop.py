import pytest

from scaling_utils.book.comparisons.isoflop import NOTEBOOK, firmness, firmness_verdict
from scaling_utils.book.comparisons.rows import NOT_AT_HAND
from scaling_utils.book.scenarios import Scenario

PAGE = (NOTEBOOK, "hoffmann2022-fig4")


@pytest.fixture(autouse=True)
def _scenarios(monkeypatch):
    names = ("hoffmann2022-fig4", "mine")
    listed = tuple(
        Scenario(notebook=NOTEBOOK, name=name, title=name, parameters={"published": "hoff.A2"})
        for name in names
    )
    monkeypatch.setattr("scaling_utils.book.results.load_scenarios", lambda _: listed)


def estimate(value, *ends):
    return {"value": value, "unit": "", **dict(zip(("low", "high"), ends, strict=False))}


FOUND = {
    "a": estimate(0.508, 0.473, 0.557),
    "window": 4.0,
    "one_sided": "3 × 10²¹",
    "a_without_one_sided": estimate(0.545, 0.499, 0.564),
    "a_surface": estimate(0.553, 0.507, 0.597),
    "surface_status": "converged",
    "ratio_at_largest": estimate(0.66, 0.54, 0.84),
    "largest_lies": "elsewhere",
    "ratio_two_sided": estimate(0.86, 0.69, 0.98),
    "two_sided_lies": "elsewhere",
}


def test_the_verdict_names_what_the_headline_rests_on():
    told = firmness_verdict(None, {PAGE: FOUND})
    assert "published exponent is 0.49" in told
    assert "0.545 (0.499 to 0.564), an interval that does not hold it" in told
    assert "0.553 (0.507 to 0.597), an interval that does not hold it" in told
    assert "0.66 (0.54 to 0.84) times what the smaller budgets foretell, so they do not foretell it" in told
    assert told.count("so they do not foretell it") == 2


def test_its_words_follow_the_numbers():
    found = FOUND | {"a_surface": estimate(0.5, 0.48, 0.52), "largest_lies": "as predicted"}
    told = firmness_verdict(None, {PAGE: found})
    assert "0.500 (0.480 to 0.520), an interval that holds it" in told
    assert "0.66 (0.54 to 0.84) times what the smaller budgets foretell, so they foretell it" in told
    assert firmness_verdict(None, {}) == ""


def test_the_table_has_every_page_and_marks_what_did_not_converge_or_is_unknown():
    unknown = {"value": None, "unit": ""}
    other = FOUND | {"surface_status": "bound hit", "ratio_at_largest": unknown, "window": 20.0}
    text = firmness(None, {PAGE: FOUND, (NOTEBOOK, "mine"): other})
    ours, mine = (line for line in text.splitlines() if "{doc}" in line)
    assert "| × 4 | 0.508 (0.473 to 0.557) | 0.545 (0.499 to 0.564) | 0.553 (0.507 to 0.597) |" in ours
    assert "| 0.66 (0.54 to 0.84), elsewhere | 0.86 (0.69 to 0.98), elsewhere |" in ours
    assert "| × 20 |" in mine and "0.553 (0.507 to 0.597), bound hit | – |" in mine
    assert NOT_AT_HAND not in text and NOT_AT_HAND in firmness(None, {PAGE: FOUND})
