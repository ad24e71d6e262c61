"""Numbers of two builds compared: what counts as the same, and what the command says."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from scaling_utils.book.results import Document, read_document
from scaling_utils.book.verify import TOLERANCES, compare
from scaling_utils.cli import app
from scaling_utils.errors import DataError

PAGE = ("01-count-things", "small")
EDITION = {"version": "0.1.0", "commit": "abc", "python": "3.12.1", "platform": "linux-x86_64"}
FOUND = {
    "a": {"value": 0.5, "low": 0.4, "high": 0.6, "unit": ""},
    "bare": {"value": 2.0, "low": None, "high": None, "unit": ""},
    "bias": 1e-3,
    "n_runs": "12",
    "told": "72.6B params (54.3B to 116B), 9 budgets",
    "none": None,
}


def document(**other):
    return Document(EDITION, {PAGE: json.loads(json.dumps(FOUND | other))})


def changed(**other):
    return [(change.quantity, change.kind) for change in compare(document(), document(**other)).changes]


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"a": {"value": 0.5019, "low": 0.409, "high": 0.591, "unit": ""}},
        {"bare": {"value": 2.019, "low": None, "high": None, "unit": ""}},
        {"bias": 1.0009e-3},
        {"bias": 1e-3 + 9e-7},
        {"told": "72.5B params (54.4B to 116B), 9 budgets"},
    ],
)
def test_what_counts_as_the_same(other):
    assert changed(**other) == []
    assert len(compare(document(), document(**other), exact=True).changes) == sum(
        found != FOUND[name] for name, value in other.items() for name, found in [(name, value)]
    ) * (3 if "a" in other else 1)


@pytest.mark.parametrize(
    ("other", "quantity"),
    [
        ({"a": {"value": 0.5021, "low": 0.4, "high": 0.6, "unit": ""}}, ("a.value", "estimate")),
        ({"a": {"value": 0.5, "low": 0.389, "high": 0.6, "unit": ""}}, ("a.low", "interval end")),
        ({"a": {"value": 0.5, "low": 0.4, "high": 0.6, "unit": "params"}}, ("a.unit", "text")),
        ({"bare": {"value": 2.021, "low": None, "high": None, "unit": ""}}, ("bare.value", "estimate")),
        ({"bare": {"value": None, "low": None, "high": None, "unit": ""}}, ("bare.value", "estimate")),
        ({"bias": 1.01e-3}, ("bias", "number")),
        ({"n_runs": "13"}, ("n_runs", "text")),
        ({"told": "72.4B params (54.3B to 116B), 9 budgets"}, ("told", "text")),
        ({"told": "72.6B params (54.3B to 117B), 9 budgets"}, ("told", "text")),
        ({"none": "inside"}, ("none", "text")),
        ({"new": 1.0}, ("new", "number")),
    ],
)
def test_what_counts_as_changed(other, quantity):
    assert changed(**other) == [quantity]


def test_every_kind_has_a_stated_tolerance():
    kinds = {kind for _, kind in changed(a={"value": 9, "low": 8, "high": 9, "unit": ""}, bias=9, n_runs="9")}
    assert kinds == set(TOLERANCES)


def test_a_page_that_only_one_has_is_a_change():
    more = Document(EDITION, {PAGE: FOUND, ("02-more", "web"): {"n": 1.0}})
    (change,) = compare(document(), more).changes
    assert (change.page, change.quantity, change.before, change.now) == ("02-more/web", "n", None, 1.0)
    assert len(compare(more, document()).changes) == 1


def test_the_table_is_markdown():
    table = compare(document(), document(bias=2e-3, told="a|b")).markdown()
    assert "### Numbers that changed" in table
    assert "| 01-count-things/small | bias | 0.001 | 0.002 | +100.00% |" in table
    assert r"a\|b" in table
    assert "2 of 12 quantities." in table
    assert "None: 12 quantities are the same, to the last bit." in compare(document(), document()).markdown()
    near = compare(document(), document(bias=1.0001e-3)).markdown()
    assert "within the stated tolerances" in near


def test_a_document_survives_its_file(tmp_path):
    path = tmp_path / "results.json"
    path.write_text(document().text, encoding="utf-8")
    assert read_document(path) == read_document(tmp_path) == document()
    assert read_document(path).text == document().text


@pytest.mark.parametrize("content", ["{", "[]", '{"results": {}}', '{"edition": {}, "results": {"a/b": 3}}'])
def test_what_is_no_document_is_refused(tmp_path, content):
    path = tmp_path / "results.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"results\.json: is not a results.json of this book"):
        read_document(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_document(tmp_path / "none")


@pytest.mark.slow
def test_the_command_tells_by_its_exit_code(built, tmp_path):
    def run(*options):
        return CliRunner().invoke(app, ["verify", "--project", str(built.project.root), *options])

    site = json.loads((built.project.html / "results.json").read_text())
    assert site["edition"]["python"] and site["edition"]["platform"]
    assert "toy" not in json.dumps(site["edition"])
    same = run()
    assert same.exit_code == 0, same.output
    assert "to the last bit" in same.stdout
    site["results"]["01-count-things/small"]["n"] = 4
    (tmp_path / "results.json").write_text(json.dumps(site))
    other = run("--no-build", "--against", str(tmp_path))
    assert other.exit_code == 1
    assert "| 01-count-things/small | n | 4 | 3 | -25.00% |" in other.stdout
    assert isinstance(run("--against", str(tmp_path / "none")).exception, DataError)
    built.add(built.code("raise ValueError"))
    failed = run()
    assert failed.exception.exit_code == 2
    assert "there is nothing to compare" in str(failed.exception)
