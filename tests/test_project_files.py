"""The files around the package agree with each other."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import scaling_utils
from scaling_utils import load
from scaling_utils.fitting.methods import fit_runs

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
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    environment = yaml.safe_load(text)
    assert environment["name"] == PROJECT["name"]
    assert environment["channels"] == ["conda-forge"]
    plain = [d for d in environment["dependencies"] if isinstance(d, str)]
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert pip == ["-r requirements.lock"]
    # Packages come from the lock alone: conda brings the interpreter, pip and make.
    assert {d.partition("=")[0] for d in plain} == {"python", "pip", "make"}
    (python,) = [tuple(map(int, d.removeprefix("python=").split("."))) for d in plain if "=" in d]
    minimum = tuple(map(int, re.search(r">=(\d+)\.(\d+)", PROJECT["requires-python"]).groups()))
    assert python >= minimum
    assert "# For conda users. Afterwards, once: pip install --no-deps --no-build-isolation -e ." in text


def test_the_lock_meets_every_bound_of_the_project():
    from packaging.requirements import Requirement

    pins = re.findall(r"^(\S+?)==(\S+?)(?: ;[^\\\n]*)? \\$", LOCK, flags=re.MULTILINE)
    locked = {}
    for name, version in pins:
        locked.setdefault(canonical(name), []).append(version)
    extras = PROJECT["optional-dependencies"]
    for line in PROJECT["dependencies"] + extras["test"] + extras["dev"]:
        wanted = Requirement(line)
        assert all(version in wanted.specifier for version in locked[canonical(wanted.name)]), line


def test_make_alone_prints_the_verbs():
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  make (\w+)", printed, flags=re.MULTILINE) == [
        *("help", "setup", "book", "serve", "lab", "pdf", "epub", "release"),
        *("test", "lint", "check", "lock", "clean"),
    ]


def test_readme_commands_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    verbs = re.findall(r"^make (\w+)", readme, flags=re.MULTILINE)
    assert verbs == ["book", "test"]
    assert all(re.search(rf"^{verb}:", makefile, flags=re.MULTILINE) for verb in verbs)


@pytest.mark.slow
def test_the_example_of_the_readme_fits_as_the_command_does(tmp_path, monkeypatch, capsys):
    load("ladder-prose-curves").frame.to_csv(tmp_path / "my_runs.csv", index=False)
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"^```python\n(.*?)^```$", readme, flags=re.MULTILINE | re.DOTALL)
    names = {}
    exec(example[1], names)
    fit = fit_runs(load("my_runs.csv"), "approach3", resamples=0, seed=0)
    assert names["fit"].n_runs == fit.n_runs
    assert names["fit"].estimates["a"].value == fit.estimates["a"].value
    assert names["fit"].status in capsys.readouterr().out


def test_citation_file_has_what_its_format_asks():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert citation["message"] and citation["abstract"] and citation["type"] in ("software", "dataset")
    assert citation["authors"] == [{"name": config["author"]}] and citation["title"] == config["title"]
    assert set(citation["license"]) <= {"MIT", "CC-BY-4.0"} and citation["keywords"]


def test_labels_that_pages_define_are_public_anchors():
    listed = (ROOT / "book/anchors.txt").read_text(encoding="utf-8").splitlines()
    assert listed == sorted(set(listed))
    defined = {
        f"book/{page.stem}#{label.lower().replace('_', '-')}"
        for page in (ROOT / "book").glob("*.md")
        for label in re.findall(r"^\(([\w-]+)\)=$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert defined <= set(listed), "after a build: scaling-book anchors"
