"""What a build has to do: for each page the parameters, the cache key, and whether its data are at hand."""

from __future__ import annotations

import platform
import sys
from collections.abc import Collection
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from scaling_utils.book import cache
from scaling_utils.book.commit import last_commit
from scaling_utils.book.files import checksums, digest, files_below
from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import (
    Scenario,
    final_parameters,
    load_scenarios,
    notebook_file,
    own_parameters,
    select,
)
from scaling_utils.errors import DatasetUnavailable, ParameterError, clip
from scaling_utils.runs.download import file_sha256

PACKAGE = Path(__file__).resolve().parents[1]

AFTER_NOTEBOOKS = ("ladder", "book", "report", "commands", "cli.py")
"""Rooms of the library that no notebook can import: what they hold does not change a result."""

EXECUTING = ("book/environment.py", "book/kernel.py", "book/worker.py", "book/workers.py")
"""Except these, which run the notebooks."""

QUOTED = ("laws.yaml", "published.yaml")
"""Files of published values that notebooks read; claims about their results are judged later."""


@dataclass(frozen=True)
class Page:
    """One page of the book that comes from a notebook.

    Parameters
    ----------
    scenario
        Notebook, name, title.
    parameters
        The notebook's own parameters with the scenario's in their place.
    key
        What the result depends on, as one sha256.
    datasets
        Registered datasets that the notebook reads.
    cached
        Whether an unchanged result is at hand.
    missing
        Those of `datasets` that are neither at hand nor to be had, with the reason.
    wanted
        Whether this build executes the page if no result is at hand.
    """

    scenario: Scenario
    parameters: dict[str, Any]
    key: str
    datasets: tuple[str, ...]
    cached: bool
    missing: tuple[tuple[str, str], ...] = ()
    wanted: bool = True

    @property
    def to_execute(self) -> bool:
        """Whether the notebook has to run."""
        return self.wanted and not self.cached and not self.missing

    @property
    def has_result(self) -> bool:
        """Whether there is a result once the notebooks have run."""
        return self.cached or self.to_execute

    @property
    def left_out(self) -> bool:
        """Whether it could have a result, but this build was told to execute others."""
        return not self.has_result and not self.missing


def make_plan(project: Project, *, only: Collection[str], force: bool, offline: bool) -> tuple[Page, ...]:
    """Decide for every scenario what is to be done; nothing is executed, data may be downloaded.

    Parameters
    ----------
    project
        The book.
    only
        See `scaling_utils.book.scenarios.select`.
    force
        Execute even where an unchanged result is at hand.
    offline
        Never touch the network.

    Raises
    ------
    BuildError, ParameterError
        If the scenarios or a notebook's parameters are wrong.
    ChecksumError
        If a data file does not have the sha256 of the registry.
    """
    scenarios = load_scenarios(project)
    wanted = {scenario.id for scenario in select(scenarios, only)}
    common = _common_inputs(project, _library_of_notebooks())
    locate = _Locator(offline)
    pages = []
    for scenario in scenarios:
        source = notebook_file(project, scenario.notebook)
        parameters = final_parameters(scenario, own_parameters(source))
        ids, data = _data_read(project, scenario, parameters)
        key = digest([common, file_sha256(source), scenario.id, parameters, data])
        page = Page(
            scenario=scenario,
            parameters=parameters,
            key=key,
            datasets=ids,
            cached=cache.is_sound(project, scenario, key) and not (force and scenario.id in wanted),
            wanted=scenario.id in wanted,
        )
        if page.to_execute:
            page = replace(page, missing=locate.missing(ids))
        pages.append(page)
    return tuple(pages)


def site_key(project: Project, pages: tuple[Page, ...]) -> str:
    """One sha256 over everything that the rendered site depends on."""
    from scaling_utils.runs.registry import data_folder

    sources = [project.config, project.scenarios, *files_below(project.pages)]
    sources += [path for path in (project.root / "tests/reference/coverage.csv",) if path.is_file()]
    data = data_folder()
    judged = checksums([data / "descriptions.yaml", data / "published" / "claims.yaml"], data)
    trained = checksums(files_below(data / "ladder" / "runs", "*.json"), data)
    return digest(
        [
            _common_inputs(project, files_below(PACKAGE, "*.py")),
            checksums(sources, project.root),
            judged,
            trained,
            astuple(last_commit(project)),
            [[p.key, p.has_result, [name for name, _ in p.missing], p.wanted] for p in pages],
        ]
    )


def _library_of_notebooks() -> list[Path]:
    """The modules that a notebook can run."""
    return [
        path
        for path in files_below(PACKAGE, "*.py")
        if path.relative_to(PACKAGE).parts[0] not in AFTER_NOTEBOOKS
        or path.relative_to(PACKAGE).as_posix() in EXECUTING
    ]


def _common_inputs(project: Project, library: list[Path]) -> list[Any]:
    """What every page depends on: Python, the locked packages, the library, registry and published values."""
    from scaling_utils.runs.registry import data_folder

    data = data_folder()
    locked = file_sha256(project.locked) if project.locked.is_file() else None
    facts = checksums([data / "registry.toml", *(data / "published" / name for name in QUOTED)], data)
    return [
        platform.python_version(),
        sys.platform,
        platform.machine(),
        locked,
        checksums(library, PACKAGE),
        facts,
    ]


def _data_read(
    project: Project, scenario: Scenario, parameters: dict[str, Any]
) -> tuple[tuple[str, ...], dict[str, str]]:
    named = {
        value
        for name, value in parameters.items()
        if isinstance(value, str) and value and (name == "dataset" or name.startswith("dataset_"))
    }
    if not named:
        return (), {}
    from scaling_utils.runs.registry import datasets

    known = datasets()
    ids = tuple(sorted(named & known.keys()))
    sums = {name: known[name].sha256 for name in ids}
    for name in sorted(named - known.keys()):
        path = project.root / name
        if not path.is_file():
            raise ParameterError(
                f"scenario {scenario.id}: dataset '{clip(name, 80)}' is neither registered "
                "(scaling-book datasets lists those) nor a file of the project"
            )
        sums[name] = file_sha256(path)
    return ids, sums


@dataclass
class _Locator:
    """Asks for each dataset once a build."""

    offline: bool

    def __post_init__(self) -> None:
        self._reason: dict[str, str | None] = {}

    def missing(self, ids: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        from scaling_utils.runs.registry import locate

        for name in ids:
            if name not in self._reason:
                try:
                    locate(name, offline=self.offline)
                    self._reason[name] = None
                except DatasetUnavailable as error:
                    self._reason[name] = str(error)
        return tuple((name, reason) for name in ids if (reason := self._reason[name]) is not None)
