"""The command line: messages, exit codes, and a preview for this machine only."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import urllib.request

import pytest

from scaling_utils import cli
from scaling_utils.book.project import Project
from scaling_utils.book.serve import make_server
from scaling_utils.errors import ScalingError


def run(monkeypatch, capsys, *arguments):
    """Exit code, standard output and standard error."""
    monkeypatch.setattr(sys, "argv", ["scaling-book", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    told = capsys.readouterr()
    return caught.value.code or 0, told.out, told.err


@pytest.fixture
def call(monkeypatch, capsys):
    return lambda *arguments: run(monkeypatch, capsys, *arguments)


@pytest.fixture
def site(tmp_path):
    project = Project(tmp_path)
    project.html.mkdir(parents=True)
    (project.html / "index.html").write_text("the book")
    return project


def test_version_and_help(call):
    code, out, _ = call("--version")
    assert code == 0
    assert out.startswith("scaling-book 0.")
    for arguments in (
        (),
        ("build",),
        ("serve",),
        ("check",),
        ("template",),
        ("datasets",),
        ("datasets", "fetch"),
    ):
        code, out, err = call(*arguments, "--help")
        assert code == 0, err
        assert "Usage: scaling-book" in out


def test_the_command_line_starts_without_heavy_libraries():
    heavy = ("numpy", "pandas", "matplotlib", "sphinx", "papermill", "nbformat", "IPython", "pydantic")
    code = f"import scaling_utils.cli, sys; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.parametrize("arguments", [("build",), ("serve",)])
def test_a_folder_without_a_book(call, tmp_path, arguments):
    code, out, err = call(*arguments, "--project", tmp_path)
    assert code == 2
    assert err.startswith("error: no book here")
    assert "Traceback" not in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("build", "--jobs", "0"), ("biuld",), ("serve", "--port", "99999")])
def test_wrong_usage(call, arguments):
    code, _, err = call(*arguments)
    assert code == 2
    assert "Usage" in err


def test_check_says_what_a_file_holds(call, tmp_path):
    runs = tmp_path / "runs.csv"
    runs.write_text("N,D,loss\n1e8,2e9,3.1\n2e8,4e9,2.9\n")
    code, out, err = call("check", runs)
    assert code == 0, err
    assert "6ND" in out or "6 N D" in out
    runs.write_text("N,D,loss\n1e8,2e9,three\n")
    code, out, err = call("check", runs)
    assert code == 2
    assert err.startswith("error: ")
    assert "runs.csv" in err
    assert err.count("\n") == 1
    assert out == ""


def test_datasets_are_listed_and_fetched(call):
    for arguments in (("datasets",), ("datasets", "list")):
        code, out, err = call(*arguments)
        assert code == 0, err
        assert any(line.startswith("hoffmann2022-fig4 ") for line in out.splitlines())
    code, out, err = call("datasets", "fetch", "hoffmann2022-fig4")
    assert code == 0, err
    assert "hoffmann2022_fig4.csv" in out
    code, out, err = call("datasets", "fetch", "hofmann2022-fig4")
    assert code == 2
    assert "Did you mean 'hoffmann2022-fig4'" in err


def test_a_place_that_cannot_be_written_is_named(call, tmp_path):
    (tmp_path / "a-file").write_text("in the way")
    out = tmp_path / "a-file" / "sweep.csv"
    code, _, err = call("design", "--flops", "1e19", "--simulations", "20", "--out", out)
    assert code == 2
    assert err == f"error: {out.parent}: File exists\n"


def test_an_interrupt_is_no_error_message(call, monkeypatch):
    def interrupt(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupt)
    assert call("build") == (130, "", "")


def test_the_preview_answers_on_this_machine_only(site):
    with make_server(site, port=0) as server:
        assert server.server_address[0] == "127.0.0.1"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == b"the book"
        server.shutdown()
        thread.join()


def test_a_port_in_use_is_said(site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ScalingError, match=rf"port {port} is in use; .* --port 0"):
            make_server(site, port=port)


def test_no_site_yet(tmp_path):
    with pytest.raises(ScalingError, match="build it with: scaling-book build"):
        make_server(Project(tmp_path), port=0)
