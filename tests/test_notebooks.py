"""House style of the notebooks as they are kept."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MAX_CODE_LINES = 80
MARKUP = re.compile(r"^```.*$|\{[\w:]+\}`[^`]*`|`[^`]*`|\$\$?[^$]*\$\$?|^:\w+:.*$", re.MULTILINE)
NAMES = re.compile(r"95 %|Approach [123]|Figures? [A-Z]?\d+(?: and [A-Z]?\d+)?")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_thin_and_clean(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    lines = [line for cell in code for line in cell.source.splitlines() if line.strip()]
    assert len([line for line in lines if not line.lstrip().startswith("#")]) <= MAX_CODE_LINES
    assert not [line for line in lines if re.match(r"(async )?def |class ", line.lstrip())]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in code) == 1
    assert notebook.cells[0].source.split("\n")[1].endswith("?")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_numbers_in_the_prose_of_notebooks_come_from_the_run(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            assert not re.findall(r"\d+", NAMES.sub("", MARKUP.sub("", cell.source))), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_figure_has_alt_text(path):
    for cell in nbformat.read(path, as_version=4).cells:
        figures = cell.source.count("```{glue:figure}")
        assert cell.source.count(":alt: ") == figures


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_data_of_a_notebook_go_by_the_name_of_their_source(path):
    """In a report the parameter `dataset` is the name of the copy that the notebooks read."""
    cells = nbformat.read(path, as_version=4).cells
    (named,) = [line for cell in cells for line in cell.source.splitlines() if '"data": ' in line]
    assert re.search(r'"data": .*\bruns\.source\b', named)
