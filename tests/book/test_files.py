"""Files appear whole; a full disk is one message."""

from __future__ import annotations

import errno
import os

import pytest

from scaling_utils.book.files import digest, disk_trouble_explained, files_below, write_whole
from scaling_utils.errors import BuildError


def test_a_failed_write_leaves_what_stood_before(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "x.txt"
    write_whole(path, "old")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BuildError, match="the disk is full"), disk_trouble_explained():
        write_whole(path, "new")
    assert path.read_text() == "old"


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
