import pytest

from scaling_utils.book.comparisons.kaplan import NOTEBOOK, comparison, minima_and_law
from scaling_utils.book.comparisons.rows import NOT_AT_HAND
from scaling_utils.book.scenarios import Scenario

SCENARIOS = (
    Scenario(notebook=NOTEBOOK, name="kaplan2020-law", title="simulated"),
    Scenario(
        notebook=NOTEBOOK,
        name="porian-openwebtext2",
        title="OpenWebText2",
        parameters={"dataset": "porian-openwebtext2", "published": "porian.owt2.step0"},
    ),
    Scenario(
        notebook=NOTEBOOK,
        name="own",
        title="own runs",
        parameters={"dataset": "own", "critical_batch": False},
    ),
    Scenario(notebook="03-isoflop-profiles", name="other", title="Other"),
)

FOUND = {
    name: {"value": value, "low": 0.9 * value, "high": 1.1 * value}
    for name, value in {
        **{"alpha_N": 0.077, "alpha_S": 0.9, "N_c": 7.15e13, "S_c": 700.0, "p_N": 0.7},
        **{"a_fixed": 0.85, "a_corrected": 0.74, "a": 0.87},
    }.items()
}


@pytest.fixture(autouse=True)
def _scenarios(monkeypatch):
    monkeypatch.setattr("scaling_utils.book.results.load_scenarios", lambda project: SCENARIOS)


def rows(text):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line]


def test_numbers_stand_beside_the_published_ones():
    text = comparison(None, dict.fromkeys([(NOTEBOOK, s.name) for s in SCENARIOS[:2]], FOUND))
    found = rows(text)[2:]
    assert len(found) == 7 + 8 + 1
    assert found[0][1:] == [r"$\alpha_N$", "0.077", "0.077", "0.069 to 0.085", "+0.000", "inside"]
    assert found[2][2:4] == [r"$6.5 \times 10^{13}$", r"$7.15 \times 10^{13}$"]
    assert found[3][-2:] == ["× 0.333", "outside"]
    assert found[-2][2:4] == ["0.864", "0.870"]
    assert "../figures/01-kaplan-compute-and-steps/porian-openwebtext2/compute-and-steps.svg" in text
    assert text.count("no data at hand") == 1


def test_missing_results_are_said_to_be_missing():
    text = comparison(None, {(NOTEBOOK, "kaplan2020-law"): FOUND})
    assert "no data at hand" in rows(text)[-1]
    assert NOT_AT_HAND in text
    assert "{figure}" not in text


def test_a_law_of_the_steps_taken_stands_beside_no_published_value():
    found = rows(comparison(None, {(NOTEBOOK, "own"): FOUND}))[-3:]
    assert found[0][1:] == [r"$\alpha_N$", "–", "0.077", "0.069 to 0.085", "", ""]
    assert [row[2] for row in found] == ["–", "–", "–"]


@pytest.mark.parametrize(
    ("law", "way", "held"),
    [(0.80, "points the same way", 1), (0.75, "points the same way", 0), (0.9, "does not always", 1)],
)
def test_the_minima_beside_the_law_of_the_same_runs(law, way, held):
    found = FOUND | {"law_a_fixed": {"value": law}}
    told = minima_and_law(None, {(NOTEBOOK, "porian-openwebtext2"): found, (NOTEBOOK, "own"): found})
    assert f"0.850 (0.765 to 0.935) on {{doc}}`OpenWebText2 </notebooks/{NOTEBOOK}" in told
    assert f"where the law gives {law:.3f}. This {way}" in told
    assert f"holds the value of the law in {held} of 1 cases." in told
    assert minima_and_law(None, {}) == NOT_AT_HAND
