"""Which notebook runs on which data: `notebooks/scenarios.yml`, checked against the notebooks."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, TypeAdapter
from pydantic import ValidationError as PydanticError

from scaling_utils.book.project import Project
from scaling_utils.errors import BuildError, ParameterError, clip, did_you_mean
from scaling_utils.yaml_files import from_yaml

Value = StrictBool | StrictInt | Annotated[StrictFloat, Field(allow_inf_nan=False)] | StrictStr
_Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$", max_length=80)]


class Scenario(BaseModel):
    """One run of one notebook.

    Parameters
    ----------
    notebook
        Name of the notebook without folder and suffix.
    name
        Name of the scenario; the page is `notebooks/<notebook>/<name>`.
    title
        What is added to the notebook's title on that page.
    parameters
        What differs from the notebook's own parameters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    notebook: _Slug
    name: _Slug
    title: Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]*\S[^\r\n]*$")]
    parameters: dict[str, Value] = {}

    @property
    def id(self) -> str:
        """`notebook/name`, as messages and `--only` spell it."""
        return f"{self.notebook}/{self.name}"

    @property
    def docname(self) -> str:
        """The page, as the table of contents names it."""
        return f"notebooks/{self.notebook}/{self.name}"


def load_scenarios(project: Project) -> tuple[Scenario, ...]:
    """Read and check `notebooks/scenarios.yml`.

    Raises
    ------
    BuildError
        If the file is not a list of scenarios, has unknown keys, names a scenario twice or a
        notebook that does not exist.
    """
    where = project.scenarios.relative_to(project.root)
    try:
        listed = from_yaml(project.scenarios.read_bytes())
        scenarios = TypeAdapter(tuple[Scenario, ...]).validate_python(listed or ())
    except yaml.YAMLError as error:
        raise BuildError(f"{where}: not valid YAML: {clip(str(error), 300)}") from error
    except PydanticError as error:
        raise BuildError(f"{where}: {_first_problem(error)}") from error
    names: set[tuple[str, str]] = set()
    for scenario in scenarios:
        if (scenario.notebook, scenario.name) in names:
            raise BuildError(f"{where}: scenario {scenario.id} is listed twice; rename one of them")
        names.add((scenario.notebook, scenario.name))
        if not notebook_file(project, scenario.notebook).is_file():
            have = [path.stem for path in sorted(project.notebooks.glob("*.ipynb"))]
            raise BuildError(
                f"{where}: there is no notebook {scenario.notebook}.ipynb. "
                f"{did_you_mean(scenario.notebook, have)}"
            )
    return scenarios


def notebook_file(project: Project, notebook: str) -> Path:
    """Path of a notebook's source."""
    return project.notebooks / f"{notebook}.ipynb"


def read_notebook(path: Path) -> dict[str, Any]:
    """A notebook as plain JSON, fit for reading its cells without the weight of nbformat.

    Raises
    ------
    BuildError
        If the file is not a notebook of format 4.
    """
    try:
        notebook = json.loads(path.read_bytes())
        if notebook["nbformat"] != 4:
            raise ValueError(f"notebook format {notebook['nbformat']!r} instead of 4")
        for cell in notebook["cells"]:
            if not isinstance(cell["source"], str):
                cell["source"] = "".join(cell["source"])
    except (ValueError, KeyError, TypeError) as error:
        raise BuildError(
            f"notebooks/{path.name}: not a notebook ({clip(str(error))}). Save it again from Jupyter"
        ) from error
    return dict(notebook)


def own_parameters(path: Path) -> dict[str, Any]:
    """Names and default values in the cell tagged `parameters`; empty if there is no such cell.

    Parameters
    ----------
    path
        The notebook.

    Raises
    ------
    ParameterError
        If a line is not `name = value` with a plain str, int, float or bool, or has a second `=`
        (papermill would not see that parameter).
    """
    tagged = [
        (number, cell["source"])
        for number, cell in enumerate(read_notebook(path)["cells"], start=1)
        if "parameters" in cell.get("metadata", {}).get("tags", [])
    ]
    if not tagged:
        return {}
    where = f"notebooks/{path.name}"
    if len(tagged) > 1:
        cells = ", ".join(str(number) for number, _ in tagged)
        raise ParameterError(f"{where}: cells {cells} are all tagged 'parameters'; keep one")
    number, source = tagged[0]
    found: dict[str, Any] = {}
    for line, text in enumerate(source.splitlines(), start=1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        place = f"{where}, cell {number}, line {line}: {clip(text, 80)!r}"
        if text.count("=") != 1:
            raise ParameterError(f"{place}: a parameter line holds exactly one '=', in its comment too")
        name, value = _plain_assignment(text, place)
        if name in found:
            raise ParameterError(f"{place}: parameter {name} is set twice")
        found[name] = value
    return found


def final_parameters(scenario: Scenario, own: dict[str, Any]) -> dict[str, Any]:
    """The notebook's own parameters with the scenario's put in their place.

    Parameters
    ----------
    scenario
        What to change.
    own
        What `own_parameters` found.

    Raises
    ------
    ParameterError
        If the notebook has no such parameter, or one of another type. A whole number is
        accepted where the notebook has a float.

    Examples
    --------
    >>> scenario = Scenario(notebook="03-fit", name="x", title="X", parameters={"dataset": "mine"})
    >>> final_parameters(scenario, {"dataset": "theirs", "seed": 0})
    {'dataset': 'mine', 'seed': 0}
    """
    merged = dict(own)
    for name, value in scenario.parameters.items():
        if name not in own:
            raise ParameterError(
                f"scenario {scenario.id}: notebook {scenario.notebook} has no parameter "
                f"'{clip(name, 60)}'. {did_you_mean(name, own)}"
            )
        wanted = type(own[name])
        if wanted is float and type(value) is int:
            value = float(value)
        if type(value) is not wanted:
            raise ParameterError(
                f"scenario {scenario.id}: parameter {name} is {clip(repr(value), 60)} "
                f"({type(value).__name__}), but the notebook has {wanted.__name__}"
                + (". Quote it to make it text" if wanted is str else "")
            )
        merged[name] = value
    return merged


def select(scenarios: tuple[Scenario, ...], only: Collection[str]) -> tuple[Scenario, ...]:
    """The scenarios of some names: a number prefix (`03`), a notebook, or `notebook/scenario`; all if none.

    Raises
    ------
    ParameterError
        If a name means none of them.
    """
    for name in only:
        if not any(_means(name, s) for s in scenarios):
            have = sorted({known for s in scenarios for known in (s.notebook, s.id)})
            raise ParameterError(
                f"no notebook or scenario is called '{clip(name, 60)}'. {did_you_mean(name, have)}"
            )
    return tuple(s for s in scenarios if not only or any(_means(name, s) for name in only))


def _means(name: str, scenario: Scenario) -> bool:
    return name in (scenario.id, scenario.notebook) or (
        name.isdigit() and scenario.notebook.startswith(f"{name}-")
    )


def _plain_assignment(text: str, place: str) -> tuple[str, Any]:
    wrong = f"{place}: not a plain parameter; write name = value with a str, int, float or bool"
    try:
        statements = ast.parse(text).body
        if len(statements) != 1 or not isinstance(statements[0], ast.Assign | ast.AnnAssign):
            raise ParameterError(wrong)
        statement = statements[0]
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        value = ast.literal_eval(statement.value) if statement.value is not None else None
    except (SyntaxError, ValueError) as error:
        raise ParameterError(wrong) from error
    if not isinstance(target, ast.Name) or type(value) not in (str, int, float, bool):
        raise ParameterError(wrong)
    return target.id, value


def _first_problem(error: PydanticError) -> str:
    problem = error.errors(include_url=False, include_context=False)[0]
    place = [str(part) for part in problem["loc"]]
    entry = f"entry {int(place[0]) + 1}" if place and re.fullmatch(r"\d+", place[0]) else "the file"
    key = f", '{clip('.'.join(place[1:3]), 60)}'" if len(place) > 1 else ""
    message = {
        "extra_forbidden": "unknown key; the keys are notebook, name, title, parameters",
        "missing": "this key is missing",
        "tuple_type": "must hold a list of scenarios",
    }.get(problem["type"], problem["msg"])
    if len(place) > 2 and place[1] == "parameters":
        message = "must be a plain text, number, or true/false"
    return f"{entry}{key}: {message}"
