"""A report appears whole or not at all, and never over other files."""

import errno
import tempfile
from pathlib import Path

import pytest

from scaling_utils.errors import BuildError, ScalingError
from scaling_utils.report.folder import MANIFEST, made_whole


def fill(out, *, force=False, text="new"):
    with made_whole(out, force=force) as folder:
        (folder / MANIFEST).write_text(text)


def test_it_appears_at_the_end(tmp_path):
    out = tmp_path / "deep" / "out"
    with made_whole(out, force=False) as folder:
        (folder / MANIFEST).write_text("{}")
        assert not out.exists()
    assert [path.name for path in out.iterdir()] == [MANIFEST]
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_an_earlier_one_stays_without_force_and_goes_with_it(tmp_path):
    out = tmp_path / "out"
    fill(out, text="old")
    with pytest.raises(ScalingError, match="--force"):
        fill(out)
    assert (out / MANIFEST).read_text() == "old"
    fill(out, force=True)
    assert (out / MANIFEST).read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_what_stood_before(tmp_path):
    out = tmp_path / "out"
    fill(out, text="old")
    with pytest.raises(ZeroDivisionError), made_whole(out, force=True) as folder:
        (folder / MANIFEST).write_text("half")
        raise ZeroDivisionError
    assert (out / MANIFEST).read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_report_that_cannot_take_its_place_leaves_the_earlier_one(tmp_path, monkeypatch):
    out = tmp_path / "out"
    fill(out, text="old")
    rename = Path.replace

    def refuse(path, target):
        if path.name == "new":
            raise OSError(errno.EBUSY, "busy")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="busy"):
        fill(out, force=True)
    assert (out / MANIFEST).read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_other_files_is_never_replaced(tmp_path, force):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ScalingError, match="no report left"):
        fill(tmp_path, force=force)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_file_and_a_link_are_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("file", "link"):
        with pytest.raises(ScalingError, match="not a folder"):
            fill(tmp_path / name, force=True)
    assert not (tmp_path / "elsewhere").exists()


def test_an_empty_folder_is_free(tmp_path):
    (tmp_path / "out").mkdir()
    fill(tmp_path / "out")
    assert (tmp_path / "out" / MANIFEST).read_text() == "new"


def test_a_place_where_one_may_not_write_asks_for_another(tmp_path, monkeypatch):
    def refuse(*_, dir, **__):
        raise PermissionError(errno.EACCES, "Permission denied", f"{dir}/.rerun-x")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(ScalingError, match="out cannot be made: Permission denied; name another") as error:
        fill(tmp_path / "out")
    assert error.value.exit_code == 2


def test_a_full_disk_is_told_as_one(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(BuildError, match="the disk is full"):
        fill(tmp_path / "out")


def test_a_file_where_a_folder_should_be_asks_for_another(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ScalingError, match="cannot be made: Not a directory; name another folder"):
        fill(tmp_path / "file" / "deeper" / "out")
