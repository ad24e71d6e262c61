"""What a build decides to do: keys that change with what matters, data that are not at hand."""

from __future__ import annotations

import json
import shutil

import pytest

from scaling_utils.book import cache, plan
from scaling_utils.book.generated import generated
from scaling_utils.book.plan import make_plan, site_key
from scaling_utils.book.stage import stand_in
from scaling_utils.errors import ChecksumError, DatasetUnavailable, ParameterError
from scaling_utils.runs.registry import data_folder, dataset, datasets

MISSING = "porian-refinedweb"


def decide(toy, **options):
    return make_plan(toy.project, **{"only": (), "force": False, "offline": True, **options})


def keys(toy):
    return {page.scenario.name: page.key for page in decide(toy)}


def keep_results(toy):
    for page in decide(toy):
        executed = toy.project.build / "x.ipynb"
        executed.parent.mkdir(exist_ok=True)
        executed.write_text(json.dumps({"cells": []}))
        cache.keep(toy.project, page.scenario, page.key, executed)


def states(toy, **options):
    return {page.scenario.name: (page.to_execute, page.has_result) for page in decide(toy, **options)}


def test_a_fresh_book_is_executed_whole(toy):
    assert states(toy) == {"small": (True, True), "large": (True, True)}


def test_unchanged_results_are_kept(toy):
    keep_results(toy)
    assert states(toy) == {"small": (False, True), "large": (False, True)}
    assert states(toy, force=True) == {"small": (True, True), "large": (True, True)}
    only = {"only": ["01-count-things/small"], "force": True}
    assert states(toy, **only) == {"small": (True, True), "large": (False, True)}


def test_only_leaves_the_others_without_result(toy):
    assert states(toy, only=["01-count-things/small"]) == {"small": (True, True), "large": (False, False)}


@pytest.mark.parametrize("harm", ["torn", "receipt gone", "receipt torn", "notebook gone"])
def test_a_damaged_result_counts_as_none(toy, harm):
    keep_results(toy)
    page = next(p for p in decide(toy) if p.scenario.name == "small")
    path = cache.entry(toy.project, page.scenario, page.key)
    if harm == "torn":
        path.write_bytes(path.read_bytes()[:-1])
    elif harm == "receipt gone":
        path.with_suffix(".json").unlink()
    elif harm == "receipt torn":
        path.with_suffix(".json").write_text("{")
    else:
        path.unlink()
    assert states(toy) == {"small": (True, True), "large": (False, True)}


def test_old_entries_are_removed(toy):
    keep_results(toy)
    toy.edit("notebooks/scenarios.yml", "{n_things: 3}", "{n_things: 4}")
    keep_results(toy)
    folder = toy.project.executed / "01-count-things"
    assert len(list(folder.iterdir())) == 6
    cache.prune(toy.project, [(page.scenario, page.key) for page in decide(toy)])
    assert len(list(folder.iterdir())) == 4
    assert not any(page.to_execute for page in decide(toy))


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda t: t.edit("notebooks/scenarios.yml", "{n_things: 3}", "{n_things: 4}"), {"small"}),
        (lambda t: t.edit("notebooks/scenarios.yml", "A small count", "Few"), set()),
        (lambda t: t.edit("notebooks/01-count-things.ipynb", "How many", "How few"), {"small", "large"}),
        (lambda t: t.edit("book/index.md", "toy", "tiny"), set()),
        (lambda t: (t.project.root / "requirements.lock").write_text("x==1"), {"small", "large"}),
    ],
    ids=["parameter", "title", "notebook", "page", "lock"],
)
def test_keys_change_with_what_matters(toy, change, changed):
    before, site_before = keys(toy), site_key(toy.project, decide(toy))
    assert keys(toy) == before
    change(toy)
    after = keys(toy)
    assert {name for name in before if before[name] != after[name]} == changed
    assert site_key(toy.project, decide(toy)) != site_before


def test_keys_change_with_the_library(toy, monkeypatch):
    before = keys(toy)
    common = plan._common_inputs
    monkeypatch.setattr(
        plan, "_common_inputs", lambda project, library: [*common(project, library), "edited"]
    )
    assert not set(before.values()) & set(keys(toy).values())


def with_dataset(toy, value):
    toy.edit("notebooks/01-count-things.ipynb", "label = 'thing'", f"dataset = '{value}'")


def test_a_file_of_the_project_is_part_of_the_key(toy):
    with_dataset(toy, "data/mine.csv")
    with pytest.raises(ParameterError, match=r"'data/mine\.csv' is neither registered"):
        decide(toy)
    (toy.project.root / "data").mkdir()
    (toy.project.root / "data" / "mine.csv").write_text("N,loss\n1,2\n")
    before = keys(toy)
    (toy.project.root / "data" / "mine.csv").write_text("N,loss\n1,3\n")
    assert not set(before.values()) & set(keys(toy).values())


@pytest.fixture
def no_data(monkeypatch):
    asked = []

    def locate(name, *, offline):
        asked.append((name, offline))
        raise DatasetUnavailable(f"{name} is not in /some/folder")

    monkeypatch.setattr("scaling_utils.runs.registry.locate", locate)
    return asked


def test_data_that_are_not_at_hand_leave_a_page_that_says_so(toy, no_data):
    with_dataset(toy, MISSING)
    pages = decide(toy)
    assert [(p.to_execute, p.has_result, p.missing[0][0]) for p in pages] == [(False, False, MISSING)] * 2
    assert no_data == [(MISSING, True)], "each dataset is asked for once, and offline"
    source = {"cells": [toy.markdown("(count)=\n# How many?\n")]}
    text = stand_in(pages[0], source)
    assert text.startswith("(count-small)=\n# How many? — A small count\n")
    assert f"scaling-book datasets fetch {MISSING}" in text
    assert "/some/folder" not in text


def test_runs_that_are_still_to_be_trained_are_no_download(toy, no_data, monkeypatch):
    waiting = dataset("ladder-prose").model_copy(update={"sha256": ""})
    monkeypatch.setattr("scaling_utils.runs.registry._registry", lambda: {MISSING: waiting})
    with_dataset(toy, MISSING)
    text = stand_in(decide(toy)[0], {"cells": [toy.markdown("(count)=\n# How many?\n")]})
    assert text.startswith("(count-small)=\n# How many? — A small count\n")
    assert f"not all runs of `{MISSING}` are trained yet" in text and "scaling-book ladder run" in text
    assert "fetch" not in text


def test_a_finished_run_makes_the_site_anew(toy, monkeypatch, tmp_path):
    shutil.copytree(data_folder(), tmp_path / "data")
    monkeypatch.setattr("scaling_utils.runs.registry.data_folder", lambda: tmp_path / "data")
    before = site_key(toy.project, decide(toy))
    (tmp_path / "data" / "ladder" / "runs" / "one-more.json").write_text("{}")
    assert site_key(toy.project, decide(toy)) != before


def test_results_at_hand_are_used_though_the_data_are_gone(toy, no_data):
    with_dataset(toy, MISSING)
    keep_results(toy)
    assert states(toy) == {"small": (False, True), "large": (False, True)}


def test_a_wrong_checksum_is_an_error(toy, monkeypatch):
    def locate(name, *, offline):
        raise ChecksumError(f"{name} has another sha256")

    monkeypatch.setattr("scaling_utils.runs.registry.locate", locate)
    with_dataset(toy, MISSING)
    with pytest.raises(ChecksumError):
        decide(toy)


def test_the_data_page_names_every_dataset_and_no_folder(toy):
    text = generated(toy.project, {})["datasets.md"]
    assert text.count("\n## ") == len(datasets())
    assert f"\n## `{MISSING}`\n" in text
    assert str(toy.project.root.home()) not in text
