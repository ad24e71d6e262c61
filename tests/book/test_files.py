"""Files appear whole; a full disk is one message."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from scaling_utils.book.files import digest, disk_trouble_explained, files_below
from scaling_utils.errors import BuildError
from scaling_utils.files import write_whole


def test_a_failed_write_leaves_what_stood_before(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "x.txt"
    write_whole(path, "old")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BuildError, match="the disk is full"), disk_trouble_explained():
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert [other.name for other in path.parent.iterdir()] == ["x.txt"]


def test_several_may_write_one_file_at_once(tmp_path):
    path, texts = tmp_path / "x.txt", [letter * 10_000 for letter in "abcdefgh"]
    with ThreadPoolExecutor(len(texts)) as pool:
        list(pool.map(lambda text: [write_whole(path, text) for _ in range(20)], texts))
    assert path.read_text() in texts
    assert [other.name for other in tmp_path.iterdir()] == ["x.txt"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_refused_access_is_explained(code):
    with pytest.raises(BuildError, match="no access to x"), disk_trouble_explained():
        raise OSError(code, os.strerror(code), "x")


def test_other_errors_pass():
    with pytest.raises(FileNotFoundError), disk_trouble_explained():
        raise FileNotFoundError(errno.ENOENT, "gone")


def test_files_below_are_in_order_without_caches(tmp_path):
    for name in ("b.py", "a/z.py", "a/__pycache__/z.pyc", ".hidden/x.py", "a/.ipynb_checkpoints/y.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.relative_to(tmp_path).as_posix() for path in files_below(tmp_path)] == ["a/z.py", "b.py"]
    assert files_below(tmp_path / "none") == []


def test_digest_tells_values_of_different_type_apart():
    assert len({digest(v) for v in (1, 1.0, "1", True)}) == 4
    with pytest.raises(ValueError, match="JSON compliant"):
        digest(float("nan"))
