import pytest

from scaling_utils.book.comparisons.kaplan import NOTEBOOK, comparison
from scaling_utils.book.comparisons.rows import NOT_AT_HAND
from scaling_utils.book.scenarios import Scenario

SCENARIOS = (
    Scenario(notebook=NOTEBOOK, name="kaplan2020-law", title="simulated"),
    Scenario(
        notebook=NOTEBOOK,
        name="porian-openwebtext2",
        title="OpenWebText2",
        parameters={"published": "porian.owt2.step0"},
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
    assert len(found) == 7 + 8
    assert found[0][1:] == [r"$\alpha_N$", "0.077", "0.077", "0.069 to 0.085", "+0.000", "inside"]
    assert found[2][2:4] == [r"$6.5 \times 10^{13}$", r"$7.15 \times 10^{13}$"]
    assert found[3][-2:] == ["× 0.333", "outside"]
    assert found[-1][2:4] == ["0.864", "0.870"]
    assert "../figures/01-kaplan-compute-and-steps/porian-openwebtext2/compute-and-steps.svg" in text
    assert NOT_AT_HAND not in text


def test_missing_results_are_said_to_be_missing():
    text = comparison(None, {(NOTEBOOK, "kaplan2020-law"): FOUND})
    assert "no data at hand" in rows(text)[-1]
    assert NOT_AT_HAND in text
    assert "{figure}" not in text
