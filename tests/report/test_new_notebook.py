"""The template is a notebook of the book: same anatomy, and it runs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import own_parameters
from scaling_utils.errors import ScalingError
from scaling_utils.report.new_notebook import new_notebook

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "notebooks/template/template.ipynb"


@pytest.fixture
def project(tmp_path):
    (tmp_path / "notebooks/template").mkdir(parents=True)
    shutil.copyfile(TEMPLATE, tmp_path / "notebooks/template/template.ipynb")
    return Project(tmp_path)


def test_a_new_notebook_has_the_labels_of_its_name(project):
    path = new_notebook(project, "10-your-question")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("(your-question)=\n# ")
    assert "LABEL" not in path.read_text()
    assert own_parameters(path)["dataset"] == "hoffmann2022-fig4"


@pytest.mark.parametrize("name", ["", "mine", "../09-x", "09-x.ipynb", "09-X", "09-x\n", "9" * 10_000])
def test_another_form_of_name_is_refused(project, name):
    with pytest.raises(ScalingError, match="10-your-question"):
        new_notebook(project, name)
    assert [path.name for path in project.notebooks.iterdir()] == ["template"]


@pytest.mark.parametrize("name", ["09-mine", "09-another"])
def test_a_number_that_is_taken_is_refused(project, name):
    path = new_notebook(project, "09-mine")
    path.write_text("mine")
    with pytest.raises(ScalingError, match="09-mine already"):
        new_notebook(project, name)
    assert path.read_text() == "mine"
    assert len(list(project.notebooks.glob("*.ipynb"))) == 1


@pytest.mark.parametrize(
    "test",
    [
        "test_notebook_is_thin_and_clean",
        "test_numbers_in_the_prose_of_notebooks_come_from_the_run",
        "test_every_figure_has_alt_text",
    ],
)
def test_the_template_passes_what_notebooks_are_held_to(test):
    import importlib.util

    spec = importlib.util.spec_from_file_location("anatomy", ROOT / "tests/test_notebooks.py")
    anatomy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anatomy)
    getattr(anatomy, test)(TEMPLATE)


@pytest.mark.slow
def test_the_template_runs(project):
    path = new_notebook(project, "09-mine")
    code = ["".join(c["source"]) for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]
    ran = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", "\n".join(code)],
        env={"MPLBACKEND": "Agg", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
