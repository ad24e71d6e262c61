import pytest

from scaling_utils.book.comparisons.envelope import NOTEBOOK, comparison, within_schedules
from scaling_utils.book.comparisons.rows import NOT_AT_HAND
from scaling_utils.book.scenarios import Scenario


@pytest.fixture(autouse=True)
def _scenarios(monkeypatch):
    def scenario(name, **parameters):
        return Scenario(notebook=NOTEBOOK, name=name, title=name, parameters=parameters)

    listed = (
        scenario("hoffmann-law", published="hoff.A1 hoff.T3.gopher hoff.figA5.slopes hoff.A3.frontier"),
        scenario("gemstone", published="gemstones.A1"),
        Scenario(notebook="03-isoflop-profiles", name="other", title="other"),
    )
    monkeypatch.setattr("scaling_utils.book.results.load_scenarios", lambda _: listed)


def estimate(value, *ends):
    return {"value": value, "unit": "", **dict(zip(("low", "high"), ends, strict=False))}


RESULTS = {
    "a": estimate(0.4514, 0.4346, 0.4595),
    "b": estimate(0.5486, 0.5405, 0.5654),
    "g1": estimate(0.0712, 0.0692, 0.0721),
    "g2": estimate(0.0514, 0.0504, 0.0522),
    "g3": estimate(0.0371),
    "params_projected": estimate(3.853e10, 3.278e10, 4.168e10),
    "tokens_projected": estimate(2.492e12, 2.304e12, 2.929e12),
    "bias_g1": -0.0036,
    "coverage_least": 0.775,
    "E": estimate(1.69, 1.2, 1.8),
    "gamma": estimate(0.155, 0.1, 0.2),
    "loss_floor": estimate(1.918, 1.9, 2.0),
    "status": "few sizes",
    "floor_status": "converged",
    "n_sizes": "4",
    "bend_told": "neither ever more slowly nor ever faster",
    "schedules": "cosine",
    "late_share": 0.107,
}


def test_published_numbers_stand_beside_ours():
    text = comparison(None, {(NOTEBOOK, "hoffmann-law"): RESULTS})
    lines = text.splitlines()
    assert lines[2].endswith(
        "| few sizes (4) | $a$, Approach 1 | 0.5, Table 2 | 0.451 | 0.435 to 0.460 | -0.049 |"
    )
    assert lines[2].startswith(f"| {{doc}}`hoffmann-law </notebooks/{NOTEBOOK}/hoffmann-law>`")
    assert "| 67B, Table 3 | 38.5B | 32.8B to 41.7B | × 0.58 |" in text
    assert (
        "| converged (4) | $\\gamma$, above the floor | 0.1548, computed | 0.155 | 0.100 to 0.200 | +0.000 |"
        in text
    )
    assert "| few sizes (4) | $g$, last third | 0.0372, computed | 0.037 | – | +0.000 |" in text


def test_missing_data_are_said_and_bring_no_figure():
    text = comparison(None, {(NOTEBOOK, "hoffmann-law"): RESULTS})
    assert "no data at hand" in text and NOT_AT_HAND in text
    assert "{figure}" not in text


def test_measured_curves_bring_their_figure_and_its_caveat():
    text = comparison(None, {(NOTEBOOK, name): RESULTS for name in ("hoffmann-law", "gemstone")})
    assert NOT_AT_HAND not in text
    assert f"../figures/{NOTEBOOK}/gemstone/envelope.svg" in text and ":alt: " in text
    assert "-0.0036 off" in text and "78% of the sets" in text.replace("\n", " ")
    assert "| 0.458, {cite:p}`mcleish2025gemstones` (secondary) |" in text


def test_the_caveat_says_how_the_lines_bend():
    text = comparison(None, {(NOTEBOOK, "gemstone"): RESULTS})
    assert "the loss falls neither ever more slowly nor ever faster, with $g$ from 0.071 over 0.051" in text


@pytest.mark.parametrize(("schedules", "said"), [("cosine", True), ("constant", False), ("", False)])
def test_points_within_a_run_are_said_to_count_for_less(schedules, said):
    text = within_schedules(None, {(NOTEBOOK, "gemstone"): RESULTS | {"schedules": schedules}})
    assert ("(schedule: cosine), and 89% of the frontier's points come before" in text) is said
