"""Archives of the site, what a release carries, and versions side by side."""

from __future__ import annotations

import hashlib
import json
import random
import tarfile

import pytest

from scaling_utils.book.editions import assemble
from scaling_utils.book.project import Project
from scaling_utils.book.publish import publish
from scaling_utils.book.release import archive, make_release
from scaling_utils.errors import DataError, ScalingError


def site(folder, version):
    (folder / "book").mkdir(parents=True)
    (folder / "index.html").write_text(f"version {version}")
    (folder / "book" / "page.html").write_text("page")
    (folder / "results.json").write_text(json.dumps({"edition": {"version": version}, "results": {}}))
    return folder


@pytest.fixture
def packed(tmp_path):
    def pack(version):
        path = tmp_path / f"{version}.tar.gz"
        path.write_bytes(archive(site(tmp_path / version, version), 0))
        return path

    return pack


def test_the_same_files_give_the_same_archive(tmp_path):
    one, other = site(tmp_path / "one", "0.1.0"), site(tmp_path / "other", "0.1.0")
    assert archive(one, 10**9) == archive(other, 10**9)
    (other / "index.html").write_text("else")
    assert archive(one, 10**9) != archive(other, 10**9)


def test_versions_lie_side_by_side(tmp_path, packed):
    releases = [packed(version) for version in ("0.1.0", "0.1.2", "0.1.1", "0.10.0", "0.9.0")]
    target = tmp_path / "pages"
    editions = assemble(target, latest=packed("0.11.0.dev0"), releases=releases)
    assert [(e.version, e.folder) for e in editions] == [
        ("0.11.0.dev0", ""),
        ("0.10.0", "v0.10"),
        ("0.9.0", "v0.9"),
        ("0.1.2", "v0.1"),
    ]
    assert (target / "index.html").read_text() == "version 0.11.0.dev0"
    assert (target / "v0.1" / "index.html").read_text() == "version 0.1.2"
    listed = json.loads((target / "versions.json").read_text())
    assert [version["folder"] for version in listed] == ["", "v0.10", "v0.9", "v0.1"]
    for folder in ("v0.10", "v0.9", "v0.1"):
        assert json.loads((target / folder / "versions.json").read_text()) == listed


def test_what_stands_is_not_overwritten(tmp_path, packed):
    with pytest.raises(ScalingError, match="exists; name a folder that does not"):
        assemble(tmp_path, latest=packed("0.1.0"), releases=[])


def test_an_archive_of_something_else_leaves_nothing(tmp_path, packed):
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"not an archive")
    with pytest.raises(DataError, match=r"broken\.tar\.gz: is not an archive of the book's site"):
        assemble(tmp_path / "pages", latest=packed("0.1.0"), releases=[broken])
    evil = tmp_path / "evil.tar.gz"
    folder = site(tmp_path / "evil", "0.2.0")
    with tarfile.open(evil, "w:gz") as tar:
        tar.add(folder / "results.json", "results.json")
        tar.add(folder / "index.html", "../escaped.html")
    with pytest.raises(DataError, match="is not an archive of the book's site"):
        assemble(tmp_path / "pages", latest=packed("0.1.1"), releases=[evil])
    assert not (tmp_path / "pages").exists()
    assert not (tmp_path / "escaped.html").exists()


@pytest.mark.parametrize("kept", [0.2, 0.9], ids=["before its version", "after its version"])
def test_an_archive_cut_short_leaves_nothing(tmp_path, kept):
    folder = site(tmp_path / "site", "0.1.0")
    (folder / "results.png").write_bytes(random.Random(0).randbytes(50_000))
    (folder / "a.png").write_bytes(random.Random(1).randbytes(50_000))
    whole = archive(folder, 0)
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(DataError, match=r"cut\.tar\.gz: is not an archive of the book's site"):
        assemble(tmp_path / "pages", latest=cut, releases=[])
    assert not list(tmp_path.glob("pages*"))


def test_a_release_carries_checksums_of_all_its_files(tmp_path):
    project = Project(tmp_path / "book")
    publish(project, site(tmp_path / "book" / "rendered", "0.1.0"), "key")
    with pytest.raises(ScalingError, match=r"_build/book\.pdf is missing; make it all with: make release"):
        make_release(project)
    project.pdf.write_bytes(b"%PDF-")
    project.epub.write_bytes(b"PK")
    folder = make_release(project)
    assert make_release(project) == folder, "a second release replaces the first"
    names = {path.name for path in folder.iterdir()}
    assert names == {"site.tar.gz", "book.pdf", "book.epub", "results.json", "SHA256SUMS"}
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert {line.split()[1] for line in lines} == names - {"SHA256SUMS"}
    for line in lines:
        sum_, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sum_
