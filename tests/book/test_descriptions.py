import re

import pytest
import yaml
from pydantic import ValidationError

from scaling_utils.book.description_evidence import evidence
from scaling_utils.book.descriptions import (
    Claim,
    argued,
    description_fragments,
    descriptions,
    descriptions_score,
    descriptions_tables,
)
from scaling_utils.errors import DataError

PAGE = ("03-isoflop-profiles", "hoffmann2022-fig4")
OURS = {PAGE: {"a": {"value": 0.508, "low": 0.475, "high": 0.557}, "tokens_projected_text": "1.3T tokens"}}
CLAIM = {"id": "one", "claim": "It is so.", "verdict": "right", "evidence": "It is {moba_models} of them."}


def claims():
    return [claim for figure in descriptions() for claim in figure.claims]


def test_five_figures_and_at_least_thirty_claims():
    assert len(descriptions()) == 5
    assert len(claims()) >= 30
    assert all(len(figure.claims) >= 5 for figure in descriptions())
    assert {claim.verdict for claim in claims()} == {"right", "partly", "wrong", "cannot be seen"}


@pytest.mark.parametrize("results", [{}, OURS], ids=["without results", "with results"])
def test_every_claim_stands_on_the_page_with_its_places_filled(results):
    page = descriptions_tables(results)
    assert len(re.findall(r"\*\*(?:right|partly|wrong|cannot be seen)\*\*", page)) == len(claims())
    assert not re.search(r"\{(?!cite|div)[a-z]\w+", re.sub(r"\$[^$]*\$", "", page))
    assert "nan" not in page.split()


def test_results_are_quoted_where_they_are_and_not_missed_where_they_are_not():
    quoting = [claim for claim in claims() if claim.page]
    assert quoting
    for claim in quoting:
        assert argued(claim, OURS) != argued(claim, {})
    assert "0.51 (0.47 to 0.56)" in description_fragments(OURS)["descriptions.md"]


def test_score_counts_every_claim():
    last = descriptions_score().splitlines()[-1]
    counts = [int(cell) for cell in re.findall(r"\d+", last)]
    assert sum(counts[:-1]) == counts[-1] == len(claims())


def test_evidence_agrees_with_the_published_laws_and_data():
    found = evidence()
    assert found["kaplan_left"] > found["kaplan_bottom"] < found["kaplan_right"]
    assert found["third_left_last"] < found["third_left_first"]
    assert found["third_right_last"] > found["third_right_first"]
    assert found["slice_most_best_loss"] < min(found["slice_most_first_loss"], found["slice_most_last_loss"])
    assert found["pair_gap"] == pytest.approx(0.0151, abs=5e-5)
    assert found["pair_gap_refit"] == pytest.approx(0.0089, abs=5e-5)
    assert 0 < found["pair_gap"] < found["pair_seed_spread"] < found["pair_ahead"]
    assert found["moba_models"] == 5 and found["moba_highest"] < 7
    assert found["moba_crossing"] == pytest.approx(142, abs=0.5)
    assert (found["moba_gap_first"], found["moba_gap_last"]) == pytest.approx((0.0667, 0.0375), abs=5e-5)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"evidence": "There are 5 of them."}, "typed, not computed"),
        ({"verdict": "maybe"}, "verdict"),
        ({"page": "03-isoflop-profiles/x"}, "belong together"),
        ({"evidence": "It is {ours[a][value]:.2f}."}, "need a page"),
        ({"page": "03-x/y", "otherwise": "It is so."}, "need a page"),
    ],
)
def test_a_wrong_claim_is_refused(change, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Claim(**{**CLAIM, **change})


def test_names_and_mathematics_may_hold_digits():
    Claim(**{**CLAIM, "evidence": "Figure 11 and Approach 2 at $10^{18}$ FLOPs, in `fig3a`, on C4."})


def test_mathematics_is_not_taken_for_a_place():
    claim = Claim(**{**CLAIM, "evidence": r"$N_{opt}$ has {moba_models} sizes."})
    assert argued(claim, {}) == r"$N_{opt}$ has 5 sizes."


@pytest.mark.parametrize("place", ["{nothing_such:.2f}", "{moba_models:.2q}", "{moba_models[x]}"])
def test_a_place_that_cannot_be_filled_names_the_claim(place):
    with pytest.raises(DataError, match=r"claim 'one'.*cannot be filled"):
        argued(Claim(**{**CLAIM, "evidence": f"It is {place}."}), {})


def test_a_broken_file_is_one_error(tmp_path):
    path = tmp_path / "descriptions.yaml"
    with pytest.raises(DataError, match="cannot be read"):
        descriptions(path)
    figure = {"id": "f", "title": "F", "bibkey": "b", "locator": "l", "shows": "s", "claims": [CLAIM, CLAIM]}
    path.write_text(yaml.safe_dump({"figures": [figure]}))
    with pytest.raises(DataError, match="two claims are called one"):
        descriptions(path)
