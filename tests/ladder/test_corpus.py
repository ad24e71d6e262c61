"""Corpora: how they are split, and how they are made from packages."""

import gzip
import hashlib
import io
import lzma
import subprocess
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from scaling_utils.errors import ChecksumError, DatasetUnavailable
from scaling_utils.ladder import recipes
from scaling_utils.ladder.archives import c_sources, dictionary_text
from scaling_utils.ladder.config import LadderError
from scaling_utils.ladder.corpus import BLOCK, Corpus


def tar_of(files, compression="xz"):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode=f"w:{compression}") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def package_of(path, files):
    """A Debian package that installs some files."""
    members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": tar_of(files)}
    with path.open("wb") as stream:
        stream.write(b"!<arch>\n")
        for name, content in members.items():
            stream.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode())
            stream.write(content + b"\n" * (len(content) % 2))
    return path


@pytest.fixture
def dictionary(tmp_path):
    text = b"aardvark: an animal\n" * 100
    files = {"./usr/share/a.index": b"a", "./usr/share/a.dict.dz": gzip.compress(text)}
    return package_of(tmp_path / "dictionary.deb", files), text


@pytest.fixture
def recipe(dictionary, monkeypatch, tmp_path):
    """The recipe of prose, as if the made-up package were the pinned one; the cache is empty."""
    package, text = dictionary
    made_up = replace(
        recipes.RECIPES["prose"],
        package_sha256=hashlib.sha256(package.read_bytes()).hexdigest(),
        sha256=hashlib.sha256(text).hexdigest(),
    )
    monkeypatch.setitem(recipes.RECIPES, "prose", made_up)
    monkeypatch.setenv("SCALING_DATA_CACHE", str(tmp_path / "cache"))
    return made_up


class TestSplit:
    def test_every_fiftieth_block_is_held_out(self):
        data = np.repeat(np.arange(120, dtype=np.uint8), BLOCK).tobytes() + b"rest"
        corpus = Corpus.from_bytes(data, name="numbered")
        assert corpus.held_out[:, 0].tolist() == [49, 99]
        assert set(np.unique(corpus.train[:-4])) == set(range(120)) - {49, 99}
        assert corpus.train[-4:].tobytes() == b"rest"

    def test_held_out_sequences_are_spread_and_never_overlap(self):
        blocks = np.tile(np.arange(BLOCK) % 251, 200).astype(np.uint8)
        corpus = Corpus.from_bytes(blocks.tobytes(), name="numbered")
        everything = corpus.held_out_sequences(4 * 63, 256)
        assert everything.shape == (252, 257)
        assert np.array_equal(everything[:63].ravel(), corpus.held_out[0, : 63 * 257])
        few = corpus.held_out_sequences(4, 256)
        assert np.array_equal(few, everything[[0, 63, 126, 189]])

    def test_too_small(self):
        with pytest.raises(LadderError, match="a corpus of 1,000 bytes is too small; 819,200 are needed"):
            Corpus.from_bytes(bytes(1000), name="tiny")
        corpus = Corpus.from_bytes(bytes(50 * BLOCK), name="small")
        with pytest.raises(LadderError, match="'small' has 63 sequences of 257 bytes, not 64"):
            corpus.held_out_sequences(64, 256)


class TestArchives:
    def test_dictionary(self, dictionary):
        package, text = dictionary
        assert dictionary_text(package) == text

    def test_c_sources_by_path(self, tmp_path):
        tree = {
            "linux/kernel/z.c": b"Z",
            "linux/kernel/a/b.c": b"B",
            "linux/fs/x.c": b"X",
            "linux/fs/x.h": b"header",
            "linux/mm/slab.c": b"elsewhere",
            "linux/tools/kernel/t.c": b"deeper",
        }
        inner = lzma.compress(tar_of(tree, compression=""))
        package = package_of(tmp_path / "source.deb", {"./usr/src/linux.tar.xz": inner})
        assert c_sources(package) == b"XBZ"

    def test_not_a_package(self, tmp_path):
        path = tmp_path / "page.html"
        path.write_bytes(b"<html>")
        with pytest.raises(LadderError, match="is not a Debian package"):
            dictionary_text(path)

    def test_another_package(self, dictionary):
        with pytest.raises(
            LadderError, match=r"installs no file that ends in \.tar\.xz; is it the right package"
        ):
            c_sources(dictionary[0])


class TestObtain:
    def test_from_the_package(self, recipe, dictionary):
        path = recipes.obtain("prose", file=dictionary[0])
        assert path.read_bytes() == dictionary[1]
        assert recipes.obtain("prose") == path

    def test_from_the_corpus(self, recipe, dictionary, tmp_path):
        text = tmp_path / "text"
        text.write_bytes(dictionary[1])
        assert recipes.obtain("prose", file=text).read_bytes() == dictionary[1]

    def test_another_file(self, recipe, tmp_path):
        other = tmp_path / "other"
        other.write_bytes(b"other")
        with pytest.raises(ChecksumError, match=r"sha256 is d9298.*Give one of these two files"):
            recipes.obtain("prose", file=other)
        with pytest.raises(DatasetUnavailable, match="cannot be read"):
            recipes.obtain("prose", file=tmp_path / "absent")

    def test_by_apt(self, recipe, dictionary, monkeypatch):
        def download(command, *, cwd, **_):
            assert command[1:] == ["download", "dict-gcide=0.48.5+nmu2"]
            (cwd / "dict.deb").write_bytes(dictionary[0].read_bytes())
            return subprocess.CompletedProcess(command, 0, "", "")

        monkeypatch.setattr(recipes.shutil, "which", lambda _: "/usr/bin/apt-get")
        monkeypatch.setattr(recipes.subprocess, "run", download)
        assert recipes.obtain("prose").read_bytes() == dictionary[1]

    def test_apt_fails(self, recipe, monkeypatch):
        done = subprocess.CompletedProcess([], 100, "", "E: Version '0.48.5+nmu2' was not found\n")
        monkeypatch.setattr(recipes.shutil, "which", lambda _: "/usr/bin/apt-get")
        monkeypatch.setattr(recipes.subprocess, "run", lambda *_, **__: done)
        with pytest.raises(
            DatasetUnavailable, match=r"\(E: Version .* was not found\).*ladder corpus prose --file FILE"
        ):
            recipes.obtain("prose")

    def test_no_apt(self, recipe, monkeypatch):
        monkeypatch.setattr(recipes.shutil, "which", lambda _: None)
        with pytest.raises(
            DatasetUnavailable, match=r"there is no apt-get here\. Save the file of dict-gcide"
        ):
            recipes.obtain("prose")

    def test_a_damaged_copy_is_made_again(self, recipe, dictionary):
        path = recipes.obtain("prose", file=dictionary[0])
        path.write_bytes(b"damaged")
        assert recipes.obtain("prose", file=dictionary[0]).read_bytes() == dictionary[1]

    def test_unknown_corpus(self):
        with pytest.raises(LadderError, match="no corpus is called 'poems'; there are prose, code"):
            recipes.obtain("poems")
