import pytest

from scaling_utils.book.comparisons.rows import NOT_AT_HAND
from scaling_utils.book.comparisons.trailing import DATASET, NOTEBOOK, comparison, measured, positions
from scaling_utils.book.scenarios import Scenario


@pytest.fixture(autouse=True)
def _scenarios(monkeypatch):
    def scenario(name, **parameters):
        return Scenario(notebook=NOTEBOOK, name=name, title=name, parameters=parameters)

    listed = (
        scenario("last", dataset=DATASET, places="30-32"),
        scenario("several", places="0-2, 30-32"),
        scenario("mine", dataset="mine.csv", places="near, far", same_keys="near"),
        Scenario(notebook="03-isoflop-profiles", name="other", title="other"),
    )
    monkeypatch.setattr("scaling_utils.book.results.load_scenarios", lambda _: listed)


def estimate(value, low, high=None):
    return {"value": value, "low": low, "unit": "", **({} if high is None else {"high": high})}


RESULTS = {"compute_from": 0.4, "compute_to": 5.0}
for _place in ("0_2", "30_32"):
    for _method in ("moba", "full"):
        RESULTS |= {f"A_{_method}_{_place}": estimate(1.55, 1.5, 1.6), f"A_{_method}_{_place}_drawn": 1.5461}
        RESULTS |= {
            f"g_{_method}_{_place}": estimate(0.11, 0.08, 0.13),
            f"g_{_method}_{_place}_drawn": 0.1084,
        }
    RESULTS |= {f"gap_from_{_place}": estimate(0.064, 0.046, 0.083)}
    RESULTS |= {f"gap_to_{_place}": estimate(0.037, 0.018, 0.057)}
    RESULTS |= {f"crossing_{_place}": estimate(175.0, 12.0)}


def test_published_laws_stand_beside_ours():
    text = comparison(None, {(NOTEBOOK, "last"): RESULTS})
    lines = text.splitlines()
    assert len(lines) == 2 + 7
    assert "| $A$, MoBA | 1.546 | 1.546 | 1.550 | 1.500 to 1.600 | +0.004 |" in lines[2]
    assert lines[2].startswith(f"| {{doc}}`positions 30–32K </notebooks/{NOTEBOOK}/last>`")
    assert "| gap at 0.4 PF-days | +6.7% |  | +6.4% | +4.6% to +8.3% | -0.3% |" in text
    assert "| crossing (PF-days) | 142 |  | 175 | from 12, without an end | +33 |" in text


def test_a_crossing_that_never_comes_is_said_in_words():
    never = RESULTS | {"crossing_30_32": {"value": None, "unit": "PF-days"}}
    text = comparison(None, {(NOTEBOOK, "last"): never})
    assert "| crossing (PF-days) | 142 |  | never | never |  |" in text


def test_every_place_has_a_row():
    text = positions(None, {(NOTEBOOK, "several"): RESULTS})
    assert len(text.splitlines()) == 2 + 2
    assert "| 30–32K | 6.7 | 6.4 (4.6 to 8.3) | 3.7 | 3.7 (1.8 to 5.7) |" in text


@pytest.mark.parametrize("fragment", [comparison, positions])
def test_missing_results_are_said_to_be_missing(fragment):
    text = fragment(None, {})
    assert "no data at hand" in text
    assert text.endswith(NOT_AT_HAND)


OWN = {
    "method_name": "block-sparse",
    "baseline_name": "full attention",
    "place_name": "far",
    "gap_to_near": estimate(-0.029, -0.049, -0.009),
}


@pytest.mark.parametrize(
    ("gap", "sign"),
    [(estimate(-0.047, -0.074, -0.018), "not the sign"), (estimate(0.047, 0.01, 0.08), "the same sign")],
)
def test_the_gap_without_any_difference_in_reach(gap, sign):
    text = measured(None, {(NOTEBOOK, "mine"): OWN | {"gap_to": gap}})
    assert f"by {100 * gap['value']:+.1f}% ({100 * gap['low']:+.1f}% to" in text
    assert f"for far: {sign} that the printed laws have" in text
    assert "see the same keys the difference is -2.9% (-4.9% to -0.9%) for near" in text


def test_runs_that_are_not_at_hand_say_nothing():
    assert measured(None, {(NOTEBOOK, "last"): RESULTS}) == "*The runs of this page are not at hand.*\n"
