"""Check `_config.yml` and the table of contents: Jupyter Book lets unknown keys pass in silence."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import Scenario
from scaling_utils.errors import BuildError, clip, did_you_mean
from scaling_utils.yaml_files import from_yaml

MATHJAX_PATH = "mathjax/startup.js"
"""What `sphinx.config.mathjax_path` has to be: MathJax is part of the site."""

GENERATED_PATTERN = "book/generated/*"
"""Pattern of the fragments, which are not pages."""

_OPEN = {
    ("sphinx", "config"),
    ("sphinx", "local_extensions"),
    ("latex", "latex_documents"),
    ("parse", "myst_substitutions"),
}


def check_config(project: Project) -> None:
    """Check the settings before anything runs.

    Raises
    ------
    BuildError
        If `_config.yml` is not valid YAML, has a key that Jupyter Book does not know or a value of
        the wrong type, or misses one of the settings on which the build relies.
    """
    name = project.config.name
    config = read_mapping(project.config, name)
    _refuse_unknown(config, _known_keys(), (), name)
    _check_types(config, name)
    if config.get("execute", {}).get("execute_notebooks") != "off":
        raise BuildError(f'{name}: execute.execute_notebooks must be "off", in quotes; papermill executes')
    if not config.get("only_build_toc_files") and GENERATED_PATTERN not in config.get("exclude_patterns", []):
        raise BuildError(
            f"{name}: set only_build_toc_files: true, or add '{GENERATED_PATTERN}' to exclude_patterns; "
            "fragments are not pages"
        )
    if (config.get("sphinx", {}).get("config") or {}).get("mathjax_path") != MATHJAX_PATH:
        raise BuildError(
            f"{name}: sphinx.config.mathjax_path must be {MATHJAX_PATH}; the site loads nothing else"
        )


def toc_pages(project: Project, toc: Mapping[str, Any] | None = None) -> list[str]:
    """Names of the pages in a table of contents, the root first.

    Parameters
    ----------
    project
        The book.
    toc
        What the table holds; by default that of the book.

    Raises
    ------
    BuildError
        If the table cannot be read, or names no root.
    """
    name = project.toc.relative_to(project.root).as_posix()
    toc = read_mapping(project.toc, name) if toc is None else toc
    if not isinstance(toc.get("root"), str):
        raise BuildError(f"{name}: must name its first page with 'root: book/index'")
    return [re.sub(r"\.(md|ipynb)$", "", page) for page in _named_pages(toc)]


def check_toc(project: Project, scenarios: Iterable[Scenario]) -> None:
    """Check that every scenario has its page in the table of contents: Sphinx would leave it out in silence.

    Raises
    ------
    BuildError
        If one has not, or the table cannot be read.
    """
    listed = set(toc_pages(project))
    for scenario in scenarios:
        if scenario.docname not in listed:
            raise BuildError(
                f"{project.toc.relative_to(project.root)}: the page of scenario {scenario.id} is missing; "
                f"add '- file: {scenario.docname}'"
            )


def _named_pages(node: Any) -> list[str]:
    if isinstance(node, list):
        return [page for item in node for page in _named_pages(item)]
    if not isinstance(node, Mapping):
        return []
    own = [node[key] for key in ("root", "file") if isinstance(node.get(key), str)]
    return own + [page for value in node.values() for page in _named_pages(value)]


def read_mapping(path: Path, name: str) -> dict[str, Any]:
    """Keys and values of a YAML file.

    Raises
    ------
    BuildError
        If it is missing, not valid, or holds something else; `name` is what the message calls it.
    """
    try:
        value = from_yaml(path.read_bytes())
    except FileNotFoundError as error:
        raise BuildError(f"{name} is missing") from error
    except yaml.YAMLError as error:
        raise BuildError(f"{name}: not valid YAML: {clip(str(error), 300)}") from error
    if not isinstance(value, dict):
        raise BuildError(f"{name}: must hold keys and values")
    return value


def _package_file(name: str) -> Path:
    spec = importlib.util.find_spec("jupyter_book")
    if spec is None or not spec.submodule_search_locations:
        raise BuildError("jupyter-book is not installed; set up the environment again with: make setup")
    return Path(spec.submodule_search_locations[0]) / name


def _known_keys() -> dict[str, Any]:
    """Keys of Jupyter Book's defaults and of its schema, nested."""
    known: dict[str, Any] = from_yaml(_package_file("default_config.yml").read_bytes())
    schema = json.loads(_package_file("config_schema.json").read_bytes())

    def merge(into: dict[str, Any], properties: dict[str, Any]) -> None:
        for key, value in properties.items():
            if "properties" in value:
                if not isinstance(into.get(key), dict):
                    into[key] = {}
                merge(into[key], value["properties"])
            else:
                into.setdefault(key, None)

    merge(known, schema["properties"])
    known["bibtex_reference_style"] = None
    known["parse"]["myst_substitutions"] = None
    return known


def _refuse_unknown(given: dict[str, Any], known: dict[str, Any], path: tuple[str, ...], name: str) -> None:
    for key, value in given.items():
        here = (*path, str(key))
        if key not in known:
            hint = did_you_mean(str(key), sorted(map(str, known)))
            raise BuildError(f"{name}: unknown key '{clip('.'.join(here), 80)}'. {hint}")
        if isinstance(value, dict) and isinstance(known[key], dict) and here not in _OPEN:
            _refuse_unknown(value, known[key], here, name)


def _check_types(config: dict[str, Any], name: str) -> None:
    import jsonschema  # type: ignore[import-untyped]

    schema = json.loads(_package_file("config_schema.json").read_bytes())
    problem = jsonschema.exceptions.best_match(jsonschema.Draft7Validator(schema).iter_errors(config))
    if problem is not None:
        key = ".".join(str(part) for part in problem.absolute_path)
        raise BuildError(f"{name}: '{clip(key, 80)}': {clip(problem.message, 200)}")
