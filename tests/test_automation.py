"""Workflows, dev container and Binder call only what exists here."""

import json
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from scaling_utils.cli import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
KNOWN_ACTIONS = {
    "actions/checkout@v4",
    "actions/setup-python@v5",
    "actions/cache@v4",
    "actions/upload-artifact@v4",
    "actions/upload-pages-artifact@v3",
    "actions/deploy-pages@v4",
}
VERBS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


def jobs():
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, job in workflow["jobs"].items():
            yield pytest.param(job, id=f"{path.stem}-{name}")


def check_commands(script):
    """Every `make` verb and every option of `scaling-book` in a shell script is one of the project's."""
    for verb in re.findall(r"(?:^|\s)make ([a-z]+)", script):
        assert verb in VERBS, f"make {verb}"
    for line in re.findall(r"\bscaling-book ([^|\n;&]*)", script):
        words = shlex.split(line)
        command = get_command(app).commands[words[0]]
        options = {
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert {word for word in words[1:] if word.startswith("--")} <= options, line


def test_the_four_workflows_are_there():
    assert [path.stem for path in WORKFLOWS] == ["check", "nightly", "publish", "release"]


@pytest.mark.parametrize("job", list(jobs()))
def test_a_job_calls_what_exists(job):
    if "uses" in job:
        assert (ROOT / job["uses"]).is_file()
        return
    assert job["runs-on"] and job["timeout-minutes"]
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            assert step["uses"] in KNOWN_ACTIONS
        else:
            check_commands(step["run"])


def test_the_check_of_commands_fails_where_it_should():
    with pytest.raises(AssertionError):
        check_commands("make nonsense")
    with pytest.raises(AssertionError):
        check_commands(".venv/bin/scaling-book verify --nonsense x")
    with pytest.raises(KeyError):
        check_commands("scaling-book nonsense")


# What GitHub starts for a step, by the shell that the workflow names; without a name, no `pipefail`.
SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}


def run_step(workflow, name, folder, **codes):
    """The exit code of a step; the programs it calls do nothing but end with the codes given."""
    content = yaml.safe_load((ROOT / ".github/workflows" / workflow).read_text(encoding="utf-8"))
    (script,) = [
        step["run"] for job in content["jobs"].values() for step in job["steps"] if step.get("name") == name
    ]
    for program in (folder / "gh", folder / ".venv/bin/scaling-book"):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\nexit {codes.get(program.name.replace('-', '_'), 0)}\n")
        program.chmod(0o755)
    (folder / "step.sh").write_text(script)
    environment = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    shell = SHELLS[content.get("defaults", {}).get("run", {}).get("shell")]
    ran = subprocess.run([*shell, "step.sh"], cwd=folder, env=environment, capture_output=True, check=False)
    return ran.returncode


@pytest.mark.parametrize(("verified", "passes"), [(0, True), (1, True), (2, False)])
def test_numbers_may_change_in_a_pull_request_but_must_be_compared(tmp_path, verified, passes):
    name = "Numbers that changed since the last release"
    assert (run_step("check.yml", name, tmp_path, scaling_book=verified) == 0) == passes


@pytest.mark.parametrize("listed", [0, 1])
def test_without_the_list_of_releases_nothing_is_published(tmp_path, listed):
    assert run_step("publish.yml", "Archives of the releases", tmp_path, gh=listed) == listed


def test_every_workflow_fails_where_a_command_in_a_pipe_does():
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["defaults"] == {"run": {"shell": "bash"}}, path.name


def test_continuous_integration_calls_what_exists():
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").replace("\\\n", " ")
    check_commands("\n".join(line for line in script.splitlines() if not line.startswith("say ")))


def test_workflows_grant_no_more_than_they_need():
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}, path.name


def test_python_of_the_workflows_is_allowed():
    minimum = tuple(map(int, re.search(r">=(\d+)\.(\d+)", PROJECT["requires-python"]).groups()))
    named = [
        v for path in WORKFLOWS for v in re.findall(r'python(?:-version)?: "([\d.]+)"', path.read_text())
    ]
    versions = [tuple(map(int, version.split("."))) for version in named]
    assert len(versions) == 5
    assert min(versions) == minimum, "the oldest Python that is allowed is tried every night"


def test_the_release_workflow_uploads_what_a_release_holds():
    text = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    assert "dist/release/*" in text
    publish = (ROOT / ".github/workflows/publish.yml").read_text(encoding="utf-8")
    assert publish.count("site.tar.gz") == 2


def test_the_dev_container_sets_up_from_the_lock():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    check_commands(container["postCreateCommand"])
    assert container["postCreateCommand"] == "make setup"
    assert ".venv" in container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]


def test_binder_installs_the_lock_and_the_package():
    folder = ROOT / ".binder"
    (line,) = (folder / "requirements.txt").read_text().split("\n")[:-1]
    assert (folder / line.removeprefix("-r ")).resolve() == ROOT / "requirements.lock"
    python = (folder / "runtime.txt").read_text().strip().removeprefix("python-")
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert f"python={python}" in environment["dependencies"]
    assert os.access(folder / "postBuild", os.X_OK)
    assert "pip install --no-deps --no-build-isolation -e ." in (folder / "postBuild").read_text()


def test_zenodo_says_what_the_project_says():
    zenodo = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert zenodo["version"] == PROJECT["version"] == citation["version"]
    assert zenodo["title"] == citation["title"]
    assert zenodo["license"] == PROJECT["license"]
    assert [creator["name"] for creator in zenodo["creators"]] == [a["name"] for a in citation["authors"]]
    assert zenodo["description"] == citation["abstract"]
    assert set(zenodo) <= {
        *("title", "description", "upload_type", "access_right", "license", "version", "creators"),
        *("keywords", "notes", "related_identifiers", "references"),
    }
