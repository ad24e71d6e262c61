import pytest

from scaling_utils.errors import DataError
from scaling_utils.published import choose, published, read_published
from scaling_utils.runs.registry import data_folder

FACT = """
facts:
  - id: some.fact
    quantity: exponent
    value: {a: 0.5}
    uncertainty: "95 % bootstrap: a (0.4, 0.6)"
    source: {bibkey: someone2020, locator: Table 1}
    status: read-in-source
"""


@pytest.fixture
def facts(tmp_path):
    """A function that reads published values from a text."""

    def read(text):
        path = tmp_path / "published.yaml"
        path.write_text(text)
        return read_published(path)

    return read


def test_the_published_values_of_the_book():
    found = read_published(data_folder() / "published" / "published.yaml")
    assert found.keys() >= {"hoff.A2", "hoff.TA2", "hoff.gopher", "porian.rw.step4", "porian.owt2.step4"}
    assert "unverified" not in {fact.status for fact in found.values()}


def test_sources_are_in_the_bibliography():
    bibliography = data_folder().parent / "book" / "references.bib"
    if not bibliography.is_file():
        pytest.skip("needs a checkout: the bibliography is not part of the package")
    known = bibliography.read_text(encoding="utf-8")
    for fact in read_published(data_folder() / "published" / "published.yaml").values():
        assert f"{{{fact.source.bibkey}," in known


def test_named_values_and_intervals():
    fact = published("hoff.A2")
    assert fact.values() == {"a": 0.49, "b": 0.51}
    intervals = fact.intervals()
    assert (intervals["a"].low, intervals["a"].high) == (0.462, 0.534)
    assert (intervals["b"].low, intervals["b"].high) == (0.483, 0.529)
    assert intervals["a"].level == "10th to 90th percentile"


def test_values_by_data_set():
    assert published("hoff.TA2").values() == {"C4 a": 0.5, "C4 b": 0.5, "GitHub a": 0.53, "GitHub b": 0.47}
    assert published("hoff.TA2").intervals() == {}
    for corpus in ("C4", "GitHub"):
        assert published(f"hoff.TA2.{corpus.lower()}").value == published("hoff.TA2").value[corpus]


def test_single_values_have_no_names():
    assert published("hoff.gopher").value == 5.76e23
    assert published("hoff.gopher").values() == {}
    assert published("hoff.A2.budgets").value == "9 budgets from 6e18 to 3e21 FLOPs"


def test_an_unknown_id_suggests_the_nearest():
    with pytest.raises(DataError, match=r"'hoff\.B2'\. Did you mean 'hoff\.A2'\? There are hoff\.A2, "):
        published("hoff.B2")


def test_an_unverified_value_is_refused(facts):
    found = facts(FACT.replace("read-in-source", "unverified"))
    with pytest.raises(DataError, match=r"'some\.fact' is unverified"):
        choose(found, "some.fact")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("quantity:", "quality:", "quantity: Field required"),
        ("read-in-source", "guessed", "status: "),
        ("a (0.4, 0.6)", "a (0.6, 0.4)", "not in order"),
        ("a (0.4, 0.6)", "c (0.4, 0.6)", "uncertainty names ['c']"),
        ("a (0.4, 0.6)", "0.4 to 0.6", "does not read"),
        ("a (0.4, 0.6)", "a (0.4, 0.6), b", "does not read"),
        ("{a: 0.5}", "[0.5]", "value"),
        ("facts:", "fact:", "facts: Field required"),
        ("facts:", "facts: [", "cannot be read"),
    ],
)
def test_wrong_entries(facts, old, new, complaint):
    assert old in FACT
    with pytest.raises(DataError) as caught:
        facts(FACT.replace(old, new))
    assert complaint in str(caught.value)


def test_two_facts_with_one_id(facts):
    with pytest.raises(DataError, match="two facts have the same id"):
        facts(FACT + FACT.replace("facts:\n", ""))


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_published(tmp_path / "published.yaml")
