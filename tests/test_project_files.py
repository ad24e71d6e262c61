"""The files around the package agree with each other."""

import re
import subprocess
import tomllib
from pathlib import Path

import yaml

import scaling_utils

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_lock_is_exact_hashed_and_names_no_host():
    pins = re.findall(r"^(\S+?)==(\S+)(?: ;[^\\\n]*)? \\$", LOCK, flags=re.MULTILINE)
    assert len(pins) == len(re.findall(r"^\S", LOCK, flags=re.MULTILINE)) > 100
    assert LOCK.count("--hash=sha256:") >= len(pins)
    assert "://" not in LOCK


def test_lock_holds_every_dependency():
    locked = {canonical(name) for name in re.findall(r"^(\S+?)==", LOCK, flags=re.MULTILINE)}
    extras = PROJECT["optional-dependencies"]
    wanted = PROJECT["dependencies"] + extras["test"] + extras["dev"]
    assert {canonical(re.match(r"[\w.-]+", d)[0]) for d in wanted} <= locked


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"] == scaling_utils.__version__
    assert citation["cff-version"] == "1.2.0" and citation["authors"] and citation["title"]


def test_environment_installs_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert pip == ["-r requirements.lock"]
    python = next(d for d in environment["dependencies"] if isinstance(d, str) and d.startswith("python="))
    minimum = tuple(map(int, re.search(r">=(\d+)\.(\d+)", PROJECT["requires-python"]).groups()))
    assert tuple(map(int, python.removeprefix("python=").split("."))) >= minimum


def test_make_alone_prints_the_verbs():
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  make (\w+)", printed, flags=re.MULTILINE) == [
        *("help", "setup", "book", "serve", "pdf", "epub", "release"),
        *("test", "lint", "check", "lock", "clean"),
    ]


def test_readme_commands_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    verbs = re.findall(r"^make (\w+)", readme, flags=re.MULTILINE)
    assert verbs == ["book", "test"]
    assert all(re.search(rf"^{verb}:", makefile, flags=re.MULTILINE) for verb in verbs)
