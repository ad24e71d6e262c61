"""A kernel that starts in no time: a fork of a process that has already imported what notebooks import.

Each notebook still has a process of its own, the same at its start whatever ran before.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager


class KernelInWaiting:
    """A forked process that becomes a kernel when told to; stands in for the `Popen` of a kernel.

    It has to be forked while this process has a single thread. If this process ends first, so does it.
    """

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        told, self._tell = os.pipe()
        self._code: int | None = None
        self.pid = os.fork()
        if not self.pid:
            _wait_and_become(told, self._tell)
        os.close(told)

    def become(self, command: list[str], *, cwd: str, env: dict[str, str]) -> None:
        """Start the kernel of a launch command, whose interpreter must be this one."""
        module = command.index("ipykernel_launcher")
        arguments = [*command[module + 1 :], f"--IPKernelApp.parent_handle={os.getpid()}"]
        with os.fdopen(self._tell, "w") as stream:
            json.dump({"arguments": arguments, "cwd": cwd, "env": env}, stream)

    def poll(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._reap(os.WNOHANG)

    def wait(self) -> int | None:
        """Exit code, once it has ended."""
        return self._reap(0)

    def _reap(self, options: int) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, options)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def send_signal(self, number: int) -> None:
        """Send a signal to it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def manager_of(kernel: KernelInWaiting) -> type[AsyncKernelManager]:
    """A kernel manager whose kernel is the one in waiting."""
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_client.provisioning.local_provisioner import LocalProvisioner

    class Provisioner(LocalProvisioner):
        async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
            kernel.become(cmd, cwd=str(kwargs.get("cwd") or Path.cwd()), env=kwargs["env"])
            self.process = kernel  # type: ignore[assignment]
            self.pid = self.pgid = kernel.pid
            return self.connection_info

    class Manager(AsyncKernelManager):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.provisioner = Provisioner(kernel_id="", kernel_spec=self.kernel_spec, parent=self)

    return Manager


def _wait_and_become(told: int, tell: int) -> None:
    code = 1
    try:
        os.setsid()  # signals for the kernel reach what it started too, and Ctrl-C does not reach it
        os.close(tell)
        with os.fdopen(told) as stream:
            order = stream.read()
        if order:
            _become(**json.loads(order))
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(arguments: list[str], cwd: str, env: dict[str, str]) -> None:
    from ipykernel.kernelapp import launch_new_instance

    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["ipykernel_launcher", *arguments]
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    launch_new_instance(arguments)
