import shutil
from pathlib import Path

import pytest

from scaling_utils.errors import ChecksumError, DataError, DatasetUnavailable
from scaling_utils.runs import registry
from scaling_utils.runs.catalogue import catalogue
from scaling_utils.runs.dataset import read_registry
from scaling_utils.runs.download import file_sha256
from scaling_utils.runs.registry import (
    data_folder,
    dataset,
    datasets,
    load,
    load_table,
    locate,
)

SHA256 = "0" * 64
COMMIT = "0" * 40
CONVENTIONS = 'conventions = { flop_rule = "6ND", param_count = "total", loss_unit = "nats/token" }'
ENTRY = f"""
[example]
title = "Example"
description = "Runs"
licence = "MIT"
citation = "someone2020"
kind = "runs"
serves = []
sha256 = "{SHA256}"
path = "digitized/example.csv"
{CONVENTIONS}
"""


@pytest.fixture
def nothing_at_hand(tmp_path, monkeypatch):
    """An empty mirror and an empty cache: no public file, and no network."""
    monkeypatch.setenv("SCALING_DATA_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("SCALING_DATA_CACHE", str(tmp_path / "cache"))


class TestRegistryFile:
    def test_the_datasets_of_the_book(self):
        assert list(datasets()) == [
            "hoffmann2022-fig4",
            "hoffmann2022-fig4-colour",
            "lu2025-moba",
            "lu2025-moba-projections",
            "porian-refinedweb",
            "porian-openwebtext2",
            "gemstone",
            "ladder-prose",
            "ladder-prose-curves",
            "ladder-prose-fixed-steps",
            "ladder-prose-pair",
            "ladder-prose-attention",
            "ladder-code",
            "ladder-code-curves",
        ]

    def test_citations_are_in_the_bibliography(self):
        bibliography = data_folder().parent / "book" / "references.bib"
        if not bibliography.is_file():
            pytest.skip("needs a checkout: the bibliography is not part of the package")
        known = bibliography.read_text(encoding="utf-8")
        for entry in datasets().values():
            for key in (entry.citation, *entry.related):
                assert f"{{{key}," in known

    def test_bundled_files_are_registered_and_have_a_note(self):
        measured = [entry for entry in datasets().values() if entry.path and not entry.pending]
        bundled = {data_folder() / entry.path for entry in measured}
        assert bundled == {
            path for name in ("digitized", "ladder") for path in (data_folder() / name).glob("*.csv")
        }
        for path in bundled:
            note = path.with_suffix(".md") if path.parent.name == "digitized" else path.with_name("README.md")
            assert path.name in note.read_text(encoding="utf-8")

    def test_the_ladder_is_small(self):
        assert sum(path.stat().st_size for path in (data_folder() / "ladder").glob("*.csv")) < 5e6

    def test_changing_the_answer_does_not_change_the_registry(self):
        datasets().clear()
        assert datasets()

    def test_a_good_entry(self, tmp_path):
        path = tmp_path / "registry.toml"
        path.write_text(ENTRY)
        assert read_registry(path)["example"].remote is None

    def test_an_entry_that_is_still_to_be_measured(self, tmp_path, monkeypatch):
        path = tmp_path / "registry.toml"
        path.write_text(ENTRY.replace(SHA256, ""))
        known = read_registry(path)
        assert known["example"].pending
        monkeypatch.setattr(registry, "_registry", lambda: known)
        assert [row.state for row in catalogue()] == ["pending"]
        with pytest.raises(DatasetUnavailable, match=r"not all trained yet.* scaling-book ladder status"):
            load("example")

    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ("title =", "titel =", "title: Field required"),
            ('kind = "runs"', 'kind = "runs"\ncolour = "red"', "colour: Extra inputs"),
            (SHA256, "abc", "sha256: "),
            (
                f'{SHA256}"\npath = "digitized/example.csv"',
                f'"\nrepository = "a/b"\nfile = "x"\ncommit = "{COMMIT}"',
                "sha256 may be empty only where path is given",
            ),
            ("[example]", '["Exam ple"]', "id: "),
            ('path = "digitized', 'path = "../digitized', "path: "),
            ('path = "digitized/', 'path = "/', "path: "),
            ('path = "digitized/example.csv"', "", "either path, or all of repository"),
            ('path = "digitized/example.csv"', 'repository = "a/b"', "either path, or all of repository"),
            ("serves = []", 'serves = []\nrepository = "a/b"', "either path, or all of repository"),
            ("serves = []", f'serves = []\nfile = "../x"\ncommit = "{COMMIT}"', "file: "),
            ('flop_rule = "6ND"', 'flop_rule = "2ND"', "conventions.flop_rule: "),
            ('loss_unit = "nats/token"', 'loss_unit = "nats/token", n = 1', "conventions.n: "),
            (CONVENTIONS, "", "runs need conventions"),
            ('kind = "runs"', 'kind = "laws"', "laws have no conventions"),
            (
                CONVENTIONS,
                f'default_variant = "b"\n[example.variants.a]\ndescription = "A"\n{CONVENTIONS}',
                "default_variant must name a variant",
            ),
            ("[example]", "example = 3\n[other]", "entry 'example' is wrong"),
            ("[example]", "[example", "cannot be read"),
        ],
    )
    def test_wrong_entries(self, tmp_path, old, new, complaint):
        path = tmp_path / "registry.toml"
        assert old in ENTRY
        path.write_text(ENTRY.replace(old, new))
        with pytest.raises(DataError) as caught:
            read_registry(path)
        assert complaint in str(caught.value)
        assert str(path) in str(caught.value)

    def test_a_missing_registry(self, tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_registry(tmp_path / "registry.toml")


class TestLocate:
    def test_an_unknown_id_suggests_the_nearest(self):
        with pytest.raises(DataError, match=r"'gemstones'\. Did you mean 'gemstone'\? There are hoffmann"):
            locate("gemstones")

    def test_a_damaged_bundled_file(self, tmp_path, monkeypatch):
        copy = tmp_path / "data"
        shutil.copytree(data_folder(), copy)
        monkeypatch.setattr(registry, "data_folder", lambda: copy)
        path = copy / dataset("hoffmann2022-fig4").path
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(ChecksumError, match=r"hoffmann2022_fig4\.csv: sha256 is .* registry states"):
            load("hoffmann2022-fig4")
        path.unlink()
        with pytest.raises(DatasetUnavailable, match="restore it from the repository"):
            load("hoffmann2022-fig4")

    def test_a_public_file_that_is_not_at_hand(self, nothing_at_hand):
        with pytest.raises(
            DatasetUnavailable, match=r"SCALING_DATA_MIRROR=.* does not hold it.* Save https://"
        ):
            load("gemstone")

    @pytest.mark.public_data
    @pytest.mark.parametrize("dataset_id", [e.id for e in datasets().values() if e.remote])
    def test_public_files_have_the_registered_checksum(self, public_file, dataset_id):
        assert file_sha256(public_file(dataset_id)) == dataset(dataset_id).sha256

    def test_the_verified_file(self):
        assert file_sha256(locate("lu2025-moba")) == dataset("lu2025-moba").sha256


class TestLoad:
    def test_a_dataset_carries_its_checksum(self):
        runs = load("hoffmann2022-fig4")
        assert (runs.source, runs.sha256) == ("hoffmann2022-fig4", dataset("hoffmann2022-fig4").sha256)

    @pytest.mark.parametrize("kind", [str, Path])
    def test_a_csv_file(self, tmp_path, kind):
        path = tmp_path / "runs.csv"
        path.write_text("N,D,loss\n1e8,2e9,3.1\n2e8,4e9,2.9\n")
        runs = load(kind(path))
        assert runs.frame["flops"].tolist() == [1.2e18, 4.8e18]
        assert runs.sha256 == file_sha256(path)

    def test_a_csv_file_with_other_conventions(self, tmp_path):
        from scaling_utils.conventions import Conventions

        path = tmp_path / "runs.csv"
        path.write_text("N,D,loss\n1e8,2e9,3.1\n2e8,4e9,2.9\n")
        counted = Conventions(param_count="non-embedding")
        assert load(path, conventions=counted).conventions == counted

    @pytest.mark.parametrize("name", ["absent.csv", "./absent", "folder/absent"])
    def test_a_file_that_is_not_there(self, name):
        with pytest.raises(DataError, match="absent"):
            load(name)

    def test_a_name_that_is_neither(self):
        with pytest.raises(DataError, match="no dataset is called 'hofman'"):
            load("hofman")
        with pytest.raises(DataError, match="no dataset is called 'aaaa"):
            load("a" * 300)

    def test_variants(self):
        with pytest.raises(DataError, match="'hoffmann2022-fig4' has no variant 'tuned'; it has no variants"):
            load("hoffmann2022-fig4", variant="tuned")
        with pytest.raises(DataError, match=r"no variant 'tune'; it has 'kaplan', .*'tuned'"):
            load("porian-refinedweb", variant="tune")
        with pytest.raises(DataError, match="files have no variants"):
            load("runs.csv", variant="tuned")

    def test_conventions_of_a_dataset_are_its_own(self):
        with pytest.raises(DataError, match="has its own columns"):
            load("hoffmann2022-fig4", conventions=dataset("lu2025-moba").conventions)

    def test_runs_and_laws_are_not_confused(self):
        with pytest.raises(DataError, match=r"is a table of laws.*load_table\('lu2025-moba-projections'\)"):
            load("lu2025-moba-projections")
        with pytest.raises(DataError, match="holds runs, not laws"):
            load_table("lu2025-moba")


class TestCatalogue:
    def test_what_is_at_hand(self, nothing_at_hand):
        states = {row.dataset.id: row.state for row in catalogue()}
        bundled = {entry.id for entry in datasets().values() if entry.path and not entry.pending}
        assert {name for name, state in states.items() if state == "bundled"} == bundled
        assert set(states.values()) <= {"bundled", "pending", "absent"}

    def test_a_row_as_text(self):
        row = next(row for row in catalogue() if row.dataset.id == "porian-refinedweb")
        assert str(row).split()[0] == "porian-refinedweb"
        assert row.conventions == "C by 6ND, N non-embedding-with-head, loss in nats/token"
        assert row.url.endswith("/data/summary_df.pickle.xz")
