"""The commands of the page on rerunning do what the page says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from scaling_utils.results import FitResult

from_page = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGE = Path(__file__).parents[2] / "book/rerun.md"


def commands() -> list[list[str]]:
    """What the page has in its blocks of commands to type."""
    lines = "".join(from_page.findall(PAGE.read_text(encoding="utf-8"))).splitlines()
    return [shlex.split(line) for line in lines]


def test_the_page_leads_to_a_report_in_five_commands():
    assert [command[:2] for command in commands()] == [
        ["scaling-book", verb] for verb in ("template", "check", "report", "run", "plan")
    ]


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
