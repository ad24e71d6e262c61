"""The commands of the page on rerunning do what the page says."""

import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from typer.main import get_command

from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import own_parameters
from scaling_utils.cli import app
from scaling_utils.report.single import choose_notebook, read_parameters
from scaling_utils.results import FitResult

from_page = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BOOK = Project(Path(__file__).parents[2])
PAGE = BOOK.root / "book/rerun.md"


def commands() -> list[list[str]]:
    """What the page has in its blocks of commands to type."""
    lines = "".join(from_page.findall(PAGE.read_text(encoding="utf-8"))).splitlines()
    return [shlex.split(line) for line in lines]


def test_the_page_leads_to_a_report_in_five_commands():
    assert [command[:2] for command in commands()] == [
        ["scaling-book", verb] for verb in ("template", "check", "report", "run", "plan")
    ]


def typed(program: str) -> list[list[str]]:
    """Arguments of a program in the blocks of all pages."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(PAGE.parent.glob("*.md"))]
    blocks = re.findall(r"^```(?:bash|shell)\n(.*?)^```$", "".join(texts), re.DOTALL | re.MULTILINE)
    words = [shlex.split(line, comments=True) for line in "".join(blocks).splitlines()]
    return [line[1:] for line in words if line and line[0].removeprefix(".venv/bin/") == program]


def test_commands_on_pages_are_understood():
    group = get_command(app)
    seen = set()
    for arguments in typed("scaling-book"):
        command, rest = group, arguments
        while hasattr(command, "commands"):
            command, rest = command.commands[rest[0]], rest[1:]
        given = command.make_context(command.name, list(rest)).params
        seen.add(arguments[0])
        if arguments[0] == "run":
            notebook = choose_notebook(BOOK, given["notebook"])
            read_parameters(BOOK, notebook, given["parameter"] or ())
            seen.add(notebook)
    assert seen >= {path.stem for path in BOOK.notebooks.glob("*.ipynb")} | {"check", "report", "design"}


def test_parameters_that_pages_give_to_papermill_are_those_of_the_notebook():
    for path, _, *options in typed("papermill"):
        names = {name for flag, name in pairwise(options) if flag == "-p"}
        assert names and names <= set(own_parameters(BOOK.root / path)), path


@pytest.mark.slow
def test_the_commands_of_the_page_work(curves_of_slices, tmp_path):
    told = {}
    for _, verb, *rest in commands():
        ran = subprocess.run(
            [Path(sys.executable).with_name("scaling-book"), verb, *rest],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{verb}: {ran.stderr}"
        told[verb] = ran.stdout
        if verb == "template":
            curves_of_slices.to_csv(tmp_path / "my_runs.csv", index=False)
    assert "03-isoflop-profiles" in told["check"]
    assert (tmp_path / "report/html/index.html").is_file()
    fit = FitResult.read(tmp_path / "report/fits/03-isoflop-profiles.json")
    assert abs(fit.estimates["a"].value - 0.51) < 0.03
    assert (tmp_path / "wider/html/index.html").is_file()
    assert "approach2 on my_runs.csv" in told["plan"] and "besiroglu2024" in told["plan"]
