"""The environment of the programs that a build starts: nothing of the user's own leaks in."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from scaling_utils.book.commit import EPOCH
from scaling_utils.book.project import Project
from scaling_utils.files import write_whole

KERNEL = "scaling-book"
"""Name of the kernel that is this very interpreter."""

_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_PASSED = {
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT", "VIRTUAL_ENV"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "XDG_CACHE_HOME"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *_PROXIES,
    *(name.upper() for name in _PROXIES),
}
_THREADS = ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR", "VECLIB_MAXIMUM")


def child_environment(project: Project, *, epoch: int) -> dict[str, str]:
    """Environment variables for a kernel or for Sphinx.

    Parameters
    ----------
    project
        The book.
    epoch
        What stands for the present, in seconds since 1970.

    Notes
    -----
    `TMPDIR` stays the user's: below a deep project folder the sockets that libraries open in it
    would exceed the 107 bytes that an address may have.
    """
    kept = {n: v for n, v in os.environ.items() if n in _PASSED or n.startswith("SCALING_")}
    home = project.home
    return kept | {
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": str(epoch),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(home / "jupyter" / "user"),
        "JUPYTER_RUNTIME_DIR": str(home / "jupyter" / "runtime"),
        "JUPYTER_PATH": str(home / "jupyter" / "share"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "DOCUTILSCONFIG": "",
        **{f"{name}_NUM_THREADS": "1" for name in _THREADS},
    }


def prepared_environment(project: Project) -> dict[str, str]:
    """Environment variables for kernels, once what they need besides is in place.

    Parameters
    ----------
    project
        Where it is kept.
    """
    environment = child_environment(project, epoch=EPOCH)
    write_kernel(project)
    if not any((project.home / "matplotlib").glob("fontlist-*.json")):
        # Otherwise the first figure would take seconds, and print a warning into its notebook.
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env=environment,
            cwd=project.home,
            check=False,
            capture_output=True,
        )
    return environment


def write_kernel(project: Project) -> None:
    """Describe the kernel: this interpreter, whatever kernels the user has installed."""
    from ipykernel.kernelspec import get_kernel_dict

    kernel = get_kernel_dict()
    kernel["argv"][0] = sys.executable
    folder = project.home / "jupyter" / "share" / "kernels" / KERNEL
    write_whole(folder / "kernel.json", json.dumps(kernel))
