"""One build of the book: plan, execute, stage, render, publish."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from types import MappingProxyType

from scaling_utils.book import cache, publish
from scaling_utils.book.config import check_config, check_toc
from scaling_utils.book.execute import execute
from scaling_utils.book.files import disk_trouble_explained, remove
from scaling_utils.book.plan import Page, make_plan, site_key
from scaling_utils.book.project import Project
from scaling_utils.book.renderer import Renderer
from scaling_utils.errors import ScalingError, clip
from scaling_utils.files import PARTIAL
from scaling_utils.runs.registry import dataset


class BuildRunning(ScalingError):
    """Another build of the same book is running."""


def build(
    project: Project,
    *,
    jobs: int,
    only: Collection[str] = (),
    force: bool = False,
    offline: bool = False,
    fragments: Mapping[str, str] = MappingProxyType({}),
    scheduler: str | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> None:
    """Build the book into `_build/html`, or leave everything as it was.

    Parameters
    ----------
    project
        The book.
    jobs
        How many notebooks run at the same time, and how many processes render pages.
    only
        Execute only these: number prefixes (`03`), notebooks, or `notebook/scenario`. The others
        keep the results they have; if some have none, the site is a preview without them.
    force
        Execute and render even where nothing changed.
    offline
        Never touch the network for data.
    fragments
        Further text for pages to include, by its path below `book/generated/`.
    scheduler
        Address of a Dask scheduler whose workers run the notebooks; None runs them here.
    say
        Takes the lines that tell what was done.

    Raises
    ------
    BuildRunning
        If another build of this book is running.
    ClusterError
        If the scheduler cannot be reached, or its workers are not fit.
    BuildError
        If a notebook fails, Sphinx warns, the site is not whole, or the disk is full.
    ParameterError, ChecksumError
        If a scenario does not fit its notebook, or a data file is not the one that was published.
    """
    with disk_trouble_explained(), alone(project):
        try:
            clean_leftovers(project)
            pages = make_plan(project, only=only, force=force, offline=offline)
            _build(project, pages, jobs=jobs, force=force, fragments=fragments, scheduler=scheduler, say=say)
        finally:
            clean_leftovers(project)


def clean_leftovers(project: Project) -> None:
    """Remove what a build leaves when it is killed; published site and cache stay."""
    remove(project.work)
    publish.remove_unpublished(project)
    for path in [*project.build.glob(f"*{PARTIAL}"), *project.executed.rglob(f"*{PARTIAL}")]:
        remove(path)


def _build(
    project: Project,
    pages: tuple[Page, ...],
    *,
    jobs: int,
    force: bool,
    fragments: Mapping[str, str],
    scheduler: str | None,
    say: Callable[[str], object],
) -> None:
    key = site_key(project, pages)
    todo = sum(page.to_execute for page in pages)
    current = not force and publish.is_current(project, key)
    if todo or not current:
        check_config(project)
        check_toc(project, [page.scenario for page in pages])
    remove(project.failed)
    with nullcontext() if current else Renderer(project) as renderer:
        execute(project, pages, jobs=jobs, scheduler=scheduler)
        if todo:
            say(f"executed {todo} of {len(pages)} pages from notebooks")
        if renderer is None:
            say("nothing changed: _build/html is up to date")
        else:
            _render(project, renderer, pages, key, fragments, jobs, say)
    cache.prune(project, [(page.scenario, page.key) for page in pages])
    for name, reason in sorted({missing for page in pages for missing in page.missing}):
        affected = ", ".join(p.scenario.id for p in pages if name in dict(p.missing))
        if dataset(name).pending:
            say(f"pending: {affected} left empty: {reason}")
            continue
        # The first sentence says why; the way to get the data is the same for all.
        why = clip(reason.partition(". ")[0], 200)
        say(
            f"missing: {name} ({affected} left empty): {why}. Get it with: scaling-book datasets fetch {name}"
        )


def _render(
    project: Project,
    renderer: Renderer,
    pages: tuple[Page, ...],
    key: str,
    fragments: Mapping[str, str],
    jobs: int,
    say: Callable[[str], object],
) -> None:
    from scaling_utils.book.site import render
    from scaling_utils.book.stage import stage

    stage(project, pages, fragments)
    left_out = sum(page.left_out for page in pages)
    if left_out:
        say(f"this is a preview: {left_out} pages were not executed and are left out, with their chapters")
    displaced = publish.publish(project, render(project, renderer, strict=not left_out, jobs=jobs), key)
    if displaced is not None:
        say(f"_build/html was a folder made by another tool; it is now _build/{displaced.name}")
    say(f"the book is ready: {(project.html / 'index.html').relative_to(project.root)}")


@contextmanager
def alone(project: Project) -> Iterator[None]:
    """Hold the lock of a book, so that nothing else writes below its `_build`.

    Raises
    ------
    BuildRunning
        If another process holds it.
    """
    from filelock import FileLock, Timeout

    project.build.mkdir(exist_ok=True)
    lock = FileLock(project.build_lock, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise BuildRunning(
            f"another build of this book is running (it holds "
            f"{project.build_lock.relative_to(project.root)}); wait for it to end, or stop it"
        ) from error
    try:
        yield
    finally:
        lock.release()
