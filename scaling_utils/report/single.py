"""One notebook of the book on given runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scaling_utils import errors
from scaling_utils.book.project import Project
from scaling_utils.book.results import Results
from scaling_utils.book.scenarios import final_parameters, notebook_file, own_parameters
from scaling_utils.errors import ParameterError, ScalingError, clip, did_you_mean
from scaling_utils.fitting.fitness import verdict_on
from scaling_utils.report.folder import made_whole
from scaling_utils.report.manifest import entry, write_manifest
from scaling_utils.report.rerun import message_of, rerun, scenario_of
from scaling_utils.report.runs import Given
from scaling_utils.report.text import plain
from scaling_utils.runs.thin import thin_curves


class NotebookFailed(ScalingError):
    """A notebook that did not run to its end on the runs of a user."""


def choose_notebook(sources: Project, name: str) -> str:
    """The notebook that a name or its number means.

    Raises
    ------
    ParameterError
        If there is none, or several.
    """
    have = sorted(path.stem for path in sources.notebooks.glob("*.ipynb"))
    name = name.removesuffix(".ipynb")
    found = [stem for stem in have if stem == name or (name.isdigit() and stem.startswith(f"{name}-"))]
    if len(found) != 1:
        raise ParameterError(f"no notebook is called '{clip(name, 60)}'. {did_you_mean(name, have)}")
    return found[0]


def read_parameters(sources: Project, notebook: str, texts: Sequence[str]) -> dict[str, Any]:
    """Parameters given as text, each as the type that the notebook has.

    Parameters
    ----------
    sources
        The book.
    notebook
        Its name.
    texts
        Each ``name=value``; the last value of a name counts.

    Raises
    ------
    ParameterError
        If the notebook has no such parameter, or a value is not of its type.
    """
    own = own_parameters(notebook_file(sources, notebook))
    found = {}
    for pair in texts:
        name, is_pair, text = pair.partition("=")
        if not is_pair:
            raise ParameterError(f"parameter '{clip(name, 60)}' has no value; write -p NAME VALUE")
        if name not in own:
            raise ParameterError(
                f"notebook {notebook} has no parameter '{clip(name, 60)}'. {did_you_mean(name, own)}"
            )
        if name == "dataset":
            raise ParameterError("give the runs with --data; dataset follows from it")
        found[name] = _read(name, text, type(own[name]))
    return found


def run_notebook(
    sources: Project,
    notebook: str,
    given: Given,
    out: Path,
    *,
    parameters: Mapping[str, Any],
    force: bool = False,
    say: Callable[[str], object] = lambda line: None,
    scheduler: str | None = None,
) -> None:
    """Run one notebook and leave its pages, the executed notebook, figures, results and fit.

    Parameters
    ----------
    sources
        The book.
    notebook
        Its name.
    given
        The runs.
    out
        Folder to make.
    parameters
        The user's; the others follow from the runs (see `fitness`), or keep their defaults.
    force
        Replace what an earlier run left in `out`.
    say
        Takes the lines that tell what is done.
    scheduler
        As for `rerun`.

    Raises
    ------
    ParameterError
        If a parameter does not fit the notebook.
    ClusterError
        If the scheduler or its workers are not fit.
    NotebookFailed
        If the notebook failed; `out` then has it up to the failure. The exit code is 2 if the runs or a
        parameter are to blame.
    """
    verdict = verdict_on(notebook, thin_curves(given.runs))
    chosen = scenario_of(notebook, given, {**(verdict.parameters if verdict else {}), **parameters})
    own = own_parameters(notebook_file(sources, notebook))
    final = final_parameters(chosen, own)

    def first_page(results: Results, failures: Mapping[str, str]) -> str:
        told = f"Notebook `{notebook}` was run on {plain(given.runs.source)}: {{doc}}`/{chosen.docname}`.\n"
        return f"# One notebook on your runs\n\n{told}"

    with made_whole(out, force=force) as folder:
        ran = rerun(
            sources,
            folder,
            given,
            [chosen],
            title="A notebook, rerun",
            first_page=first_page,
            jobs=1,
            say=say,
            scheduler=scheduler,
        )
        failure = ran.failures.get(notebook)
        done = entry(
            notebook,
            serves=verdict is None or verdict.serves,
            why=verdict.why if verdict else "",
            parameters=final,
            failure=message_of(failure) if failure else None,
        )
        write_manifest(folder, given, [done])
    if failure is not None:
        kept = f"; see {clip(str(out / 'notebooks' / f'{notebook}.ipynb'), 300)}"
        failed = NotebookFailed(f"{notebook}, {message_of(failure)}{kept}")
        failed.exit_code = 2 if _mendable(failure.error) else 1
        raise failed


def _mendable(error: str) -> bool:
    kind = getattr(errors, error, None)
    return isinstance(kind, type) and issubclass(kind, ScalingError)


def _read(name: str, text: str, wanted: type) -> Any:
    if wanted is str:
        return text
    largest = 2**63 - 1 if wanted is int else sys.float_info.max
    words = {"true": True, "yes": True, "false": False, "no": False}
    try:
        value = words[text.lower()] if wanted is bool else wanted(text)
        if not abs(value) <= largest:
            raise ParameterError(
                f"parameter {name} is {clip(text, 60)}; it must be finite, and of a size up to {largest:.3g}"
            )
        return value
    except (ValueError, KeyError):
        raise ParameterError(
            f"parameter {name} is '{clip(text, 60)}', but the notebook has {wanted.__name__}"
        ) from None
