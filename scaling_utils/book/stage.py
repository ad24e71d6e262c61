"""The mirror tree that Sphinx reads: pages, executed notebooks and their figures, fragments, stand-ins."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scaling_utils.book import cache
from scaling_utils.book.anchors import moved_pages
from scaling_utils.book.edition import EDITION, edition
from scaling_utils.book.files import files_below, remove
from scaling_utils.book.generated import generated, published_results
from scaling_utils.book.labels import defined_labels
from scaling_utils.book.ledger import book_ledger, claims_json
from scaling_utils.book.normalise import first_heading, normalise
from scaling_utils.book.pictures import FOLDER, described, kept_figures, offered, place_figures, stamp_of
from scaling_utils.book.plan import Page
from scaling_utils.book.preview import pages_left_out, preview_toc
from scaling_utils.book.project import Project
from scaling_utils.book.results import Document, made_with
from scaling_utils.book.scenarios import notebook_file, read_notebook
from scaling_utils.book.thumbnails import add_thumbnails
from scaling_utils.errors import BuildError
from scaling_utils.files import PARTIAL, write_whole
from scaling_utils.runs.registry import datasets

GENERATED = "book/generated"
"""Folder of the fragments in the staged tree."""

_TAKEN_IN = re.compile(r"^`{3,}\{include\} generated/(\S+)$", re.MULTILINE)


def stage(
    project: Project,
    pages: tuple[Page, ...],
    fragments: Mapping[str, str] = MappingProxyType({}),
    *,
    make: Callable[..., dict[str, str]] = generated,
    absent: Callable[[Page, dict[str, Any]], str] | None = None,
) -> None:
    """Build the mirror tree aside and put it in place of the one before.

    Parameters
    ----------
    project
        The book.
    pages
        The plan, after execution: every page that should have a result has one.
    fragments
        Further text for pages to include, by its path below `book/generated/`.
    make
        Makes the other fragments from the results, as `generated` does.
    absent
        Makes the text of a page that has no result, from the page and its notebook. By default `stand_in`
        does where data are missing, and pages that were not executed are left out, with their chapters.

    Raises
    ------
    BuildError
        If a notebook has no title or an executed one holds an error.
    """
    tree = project.staged.with_name(project.staged.name + PARTIAL)
    remove(tree)
    shown, left_out = pages, frozenset[str]()
    if absent is None and any(page.left_out for page in pages):
        shown = tuple(page for page in pages if not page.left_out)
        left_out = pages_left_out(project, {page.scenario.docname for page in shown})
    unstaged = {project.root / f"{name}.md" for name in left_out}
    for path in files_below(project.pages):
        if path in unstaged:
            continue
        target = tree / path.relative_to(project.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    results: dict[tuple[str, str], dict[str, Any]] = {}
    figures: dict[str, dict[str, Any]] = {}
    places = machine_places(project)
    if left_out:
        write_whole(tree / project.toc.relative_to(project.root), preview_toc(project, left_out))
    for page in shown:
        scenario = page.scenario
        target = tree / f"{scenario.docname}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        source = read_notebook(notebook_file(project, scenario.notebook))
        try:
            if page.has_result:
                executed = read_notebook(cache.entry(project, scenario, page.key))
                results[scenario.notebook, scenario.name] = published_results(executed)
                notebook = normalise(executed, scenario=scenario.name, title=scenario.title, places=places)
                folder = f"{FOLDER}/{scenario.id}"
                files = offered(kept_figures(notebook))
                for name, content in files.items():
                    write_whole(tree / folder / name, content)
                notebook = place_figures(notebook, folder=f"../../{folder}")
                told = described(files, stamp_of(executed)).items()
                figures |= {f"{folder}/{name}": {"page": scenario.docname, **facts} for name, facts in told}
                text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False)
                target.write_text(f"{text}\n", encoding="utf-8")
            else:
                text = (absent or stand_in)(page, source)
                target.with_suffix(".md").write_text(text, encoding="utf-8")
        except BuildError as error:
            raise BuildError(f"notebook {scenario.notebook}, scenario {scenario.name}: {error}") from error
    write_whole(tree / project.claims.name, claims_json(book_ledger(project, results)))
    write_whole(tree / project.results.name, Document(made_with(project), results).text)
    facts = edition(
        project,
        figures=figures,
        notebooks=[page.scenario.docname for page in shown],
        empty=[page.scenario.docname for page in shown if not page.has_result],
        moved=moved_pages(project),
    )
    write_whole(tree / EDITION, json.dumps(facts, indent=1))
    prose = "".join(path.read_text(encoding="utf-8") for path in files_below(tree / "book", "*.md"))
    made = make(project, results, wanted=set(_TAKEN_IN.findall(prose)))
    for name, text in sorted({**made, **fragments}.items()):
        target = tree / GENERATED / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    add_thumbnails(tree)
    remove(project.staged)
    tree.replace(project.staged)


def stand_in(page: Page, source: dict[str, Any]) -> str:
    """The page of a scenario that has no result: what is missing, why, and how to get it.

    It defines the labels of the notebook, so that references from other pages hold, and says the same
    whatever went wrong with the network.

    Parameters
    ----------
    page
        A page without a result, since data are missing.
    source
        The notebook as it is in the project.
    """
    scenario = page.scenario
    targets = "".join(f"({label}-{scenario.name})=\n" for label in sorted(defined_labels(source)))
    heading = f"{targets}# {first_heading(source) or scenario.notebook} — {scenario.title}\n\n"
    names = [f"`{name}`" for name, _ in page.missing]
    if all(datasets()[name].pending for name, _ in page.missing):
        return (
            f"{heading}```{{note}}\nThis page is empty because not all runs of {' and '.join(names)} are "
            "trained yet.\n```\n\nThese are runs of this project, and the page fills by itself once they are "
            "done. {doc}`The measured ladder </book/measured-ladder>` says what is trained, and how to train "
            "the rest:\n\n```bash\nscaling-book ladder run\nscaling-book ladder tables\n"
            "scaling-book build\n```\n"
        )
    what = f"the dataset {names[0]}" if len(names) == 1 else f"the datasets {' and '.join(names)}"
    fetch = "\n".join(f"scaling-book datasets fetch {name}" for name, _ in page.missing)
    return (
        f"{heading}```{{note}}\nThis page is empty because {what} could not be had when the book was "
        "built.\n```\n\n"
        "The project does not contain these data; they are downloaded from where their authors published "
        "them. This build found them neither in the download cache nor in a mirror, and did not reach the "
        "place of publication. With a connection to the network:\n\n"
        f"```bash\n{fetch}\nscaling-book build\n```\n\n"
        "Without one, set `SCALING_DATA_MIRROR` to a folder that holds copies of the files, and build again. "
        "The data appendix says where each file comes from.\n"
    )


def machine_places(project: Project) -> dict[str, str]:
    """Absolute paths of this machine, and what stands for each on a page."""
    places = {
        str(project.root): ".",
        sys.prefix: "[environment]",
        sys.base_prefix: "[python]",
        str(Path.home()): "~",
        tempfile.gettempdir(): "[tmp]",
    }
    return {path: name for path, name in places.items() if len(path) > 1}
