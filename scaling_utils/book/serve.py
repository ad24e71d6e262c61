"""Preview of the built site, on this machine only."""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from scaling_utils.book.project import Project
from scaling_utils.errors import ScalingError

HOST = "127.0.0.1"


def make_server(project: Project, *, port: int) -> ThreadingHTTPServer:
    """A server for `_build/html`, bound to 127.0.0.1 but not yet answering.

    It follows the link at every request, so a build shows without a restart.

    Raises
    ------
    ScalingError
        If there is no site, or the port is taken or not allowed.
    """
    if not (project.html / "index.html").is_file():
        raise ScalingError("there is no site yet; build it with: scaling-book build")
    handler = partial(SimpleHTTPRequestHandler, directory=str(project.html))
    try:
        return ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ScalingError(
                f"port {port} is in use; stop what uses it, or take a free one with --port 0"
            ) from error
        if error.errno == errno.EACCES:
            raise ScalingError(f"port {port} is not open to you; take one above 1023 with --port") from error
        raise


def serve(project: Project, *, port: int, say: Callable[[str], object]) -> None:
    """Answer until Ctrl-C."""
    with make_server(project, port=port) as server:
        say(f"the book is at http://{HOST}:{server.server_port}/ (Ctrl-C stops)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("stopped")
