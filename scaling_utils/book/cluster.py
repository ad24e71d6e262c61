"""Notebooks and bootstraps on the machines of a Dask cluster.

A notebook travels to a worker with the data it reads, and the executed notebook travels back: nothing is
shared but the connection. A worker must have the same state of this library and the same versions of the
packages that results depend on; that is checked before anything runs, and again with each notebook.
"""

from __future__ import annotations

import functools
import logging
import platform
import sys
import threading
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_utils.book.environment import prepared_environment
from scaling_utils.book.files import checksums, digest, files_below, remove
from scaling_utils.book.project import Project
from scaling_utils.book.workers import Job, LocalWorkers
from scaling_utils.errors import ScalingError, clip
from scaling_utils.files import write_whole

if TYPE_CHECKING:
    from distributed import Client

COMPARED = ("numpy", "scipy", "pandas", "lmfit", "statsmodels", "matplotlib", "seaborn", "distributed")
"""Packages that must have the same version everywhere."""

SECONDS = 10
"""How long a scheduler may take to answer, and its first worker to appear."""


class ClusterError(ScalingError):
    """A cluster that cannot be reached, or whose workers would give other results."""


def fingerprint() -> dict[str, str]:
    """What must be the same on every machine for the results to be: Python, this library, key packages."""
    package = Path(__file__).resolve().parents[1]
    library = digest(checksums(files_below(package, "*.py"), package))[:12]
    found = {"python": platform.python_version(), "scaling_utils": library}
    return found | {name: version(name) for name in COMPARED}


@contextmanager
def cluster(address: str) -> Iterator[Client]:
    """A connection to a Dask scheduler whose workers were found fit; closed at the end.

    Parameters
    ----------
    address
        Such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    ClusterError
        If no scheduler answers, it has no workers, or a worker lacks this library or has another version.
    """
    import dask
    from distributed.versions import VersionMismatchWarning

    # what the connection has to tell is in the one error below
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)
            client = _connect(address)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {clip(address, 200)} ({clip(str(error), 200)}). "
            "Start one with 'dask scheduler', and give the tcp:// address that it prints"
        ) from error
    # a notebook travels with its data, of any size
    with client, dask.config.set({"distributed.admin.large-graph-warning-threshold": sys.maxsize}):
        _check_workers(client, address)
        yield client


def _connect(address: str) -> Client:
    from distributed import Client

    class Connection(Client):
        """Closes itself where it cannot connect.

        Otherwise Python does, whenever it collects garbage; if that is while another client starts, the two
        wait for one lock for ever.
        """

        def start(self, **options: Any) -> None:
            try:
                super().start(**options)  # type: ignore[no-untyped-call]
            except BaseException:
                self.close()  # type: ignore[no-untyped-call]
                raise

    return Connection(address, timeout=SECONDS)  # type: ignore[no-untyped-call]


@contextmanager
def bootstraps_on(address: str) -> Iterator[int]:
    """Let bootstraps run on a Dask cluster; gives the `n_jobs` that a fit has to be called with.

    Parameters
    ----------
    address
        As for `cluster`.
    """
    import joblib  # type: ignore[import-untyped, unused-ignore]

    with cluster(address) as client, joblib.parallel_config("dask", client=client):
        yield -1


@dataclass(frozen=True)
class Parcel:
    """A notebook on its way to a worker.

    Parameters
    ----------
    source
        The notebook.
    parameters
        What is injected.
    files
        Files of the project that it reads, by their path in the project.
    data
        Public datasets that it reads, by their path in a mirror.
    modules
        What the worker imports before its first notebook.
    sender
        The `fingerprint` of the machine that sent it.
    """

    source: bytes
    parameters: dict[str, Any]
    files: Mapping[str, bytes]
    data: Mapping[str, bytes]
    modules: tuple[str, ...]
    sender: dict[str, str]


class ClusterWorkers:
    """Runs the notebooks of one build on a cluster.

    Parameters
    ----------
    client
        Connection to the scheduler, from `cluster`.
    modules
        As for `LocalWorkers`.
    """

    def __init__(self, client: Client, modules: tuple[str, ...]) -> None:
        self._client, self._modules, self._sender = client, modules, fingerprint()
        self._futures: list[Any] = []

    def run(self, job: Job) -> dict[str, Any] | None:
        """Run a notebook; what went wrong, as `scaling_utils.book.worker.run` tells it."""
        parcel = packed(job, self._modules, self._sender)
        # a key of its own: Dask would take the same call for the same result
        future = self._client.submit(run_parcel, parcel, key=f"{job.source.stem}-{uuid.uuid4()}", pure=False)
        self._futures.append(future)
        try:
            trouble: dict[str, Any] | None
            trouble, executed = future.result()
        except Exception as error:  # noqa: BLE001 whatever the cluster raises, the builder reports it
            return {"error": type(error).__name__, "message": str(error)}
        if executed is not None:
            write_whole(job.output, executed)
        return trouble

    def stop(self) -> None:
        """Take back what has not begun."""
        self._client.cancel(self._futures)  # type: ignore[no-untyped-call]


def packed(job: Job, modules: tuple[str, ...], sender: dict[str, str]) -> Parcel:
    """A job as bytes, with the data that it reads."""
    from scaling_utils.runs.registry import dataset, locate

    remote = {name: entry.remote for name in job.datasets if (entry := dataset(name)).remote is not None}
    named = {value for value in job.parameters.values() if isinstance(value, str) and value}
    files = {name: job.home / name for name in named if len(name) < 4096 and (job.home / name).is_file()}
    return Parcel(
        source=job.source.read_bytes(),
        parameters=job.parameters,
        files={name: path.read_bytes() for name, path in files.items()},
        data={place.relative: locate(name).read_bytes() for name, place in remote.items()},
        modules=modules,
        sender=sender,
    )


def run_parcel(parcel: Parcel) -> tuple[dict[str, Any] | None, bytes | None]:
    """Run on a worker of the cluster: what went wrong, and the executed notebook as far as it got."""
    other = _differences(fingerprint(), parcel.sender)
    if other:
        raise ClusterError(f"the worker on {platform.node()} has {other}")
    machine = _machine(parcel.modules)
    for place, content in parcel.data.items():
        write_whole(machine.mirror / place, content)
    home = machine.project.work / uuid.uuid4().hex
    try:
        for name, content in parcel.files.items():
            write_whole(home / name, content)
        job = Job(home / "source.ipynb", parcel.parameters, home=home, folder=home / "out")
        job.folder.mkdir(parents=True)
        write_whole(job.source, parcel.source)
        trouble = machine.workers.run(job)
        return trouble, job.output.read_bytes() if job.output.is_file() else None
    finally:
        remove(home)


@dataclass(frozen=True)
class _Machine:
    """What one worker of the cluster keeps between notebooks, in the folder that Dask gives it."""

    project: Project
    mirror: Path
    workers: LocalWorkers


_LOCK = threading.Lock()


def _machine(modules: tuple[str, ...]) -> _Machine:
    with _LOCK:  # a worker may have several threads
        return _made_machine(modules)


@functools.cache
def _made_machine(modules: tuple[str, ...]) -> _Machine:
    from distributed import get_worker

    project = Project(Path(get_worker().local_directory) / "book")
    project.work.mkdir(parents=True, exist_ok=True)
    mirror = project.build / "mirror"
    environment = prepared_environment(project) | {"SCALING_DATA_MIRROR": str(mirror)}
    return _Machine(project, mirror, LocalWorkers(environment, modules, project.work))


def _check_workers(client: Client, address: str) -> None:
    with suppress(TimeoutError):
        client.wait_for_workers(1, timeout=SECONDS)
    answers: dict[str, Any] = client.run(fingerprint, on_error="return")
    if not answers:
        raise ClusterError(
            f"the scheduler at {clip(address, 200)} has no workers. "
            f"Start some with: dask worker {clip(address, 200)}"
        )
    mine = fingerprint()
    for worker, found in sorted(answers.items()):
        if isinstance(found, BaseException):
            raise ClusterError(
                f"the worker {worker} cannot use this library ({clip(str(found), 200)}). "
                "Install it there from the same commit, with the same requirements.lock"
            )
        other = _differences(found, mine)
        if other:
            raise ClusterError(
                f"the worker {worker} has {other}. Results would depend on where they are made: "
                "install the same commit there, with the same requirements.lock"
            )


def _differences(found: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """What is not the same, in words; nothing if all is.

    >>> _differences({"python": "3.12.1", "numpy": "2.4"}, {"python": "3.11.7", "numpy": "2.4"})
    'python 3.12.1 instead of 3.11.7'
    """
    return ", ".join(
        f"{name} {found.get(name, 'missing')} instead of {value}"
        for name, value in wanted.items()
        if found.get(name) != value
    )
