"""The whole book as one PDF, printed by a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from scaling_utils.book.build import alone
from scaling_utils.book.commit import last_commit
from scaling_utils.book.config import read_mapping
from scaling_utils.book.files import disk_trouble_explained, remove
from scaling_utils.book.printed import one_document
from scaling_utils.book.project import Project
from scaling_utils.errors import BuildError, ScalingError, clip
from scaling_utils.files import write_whole

BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
"""Where a browser that prints is looked for."""

PRINT_LIMIT = 900.0
"""Seconds that the browser may take."""

_PAGE = "printed.html"


def find_browser(wanted: str | None = None) -> str:
    """The browser that prints.

    Parameters
    ----------
    wanted
        Name or path of one; by default the first of `BROWSERS` that is installed.

    Raises
    ------
    ScalingError
        If there is none.
    """
    for name in (wanted,) if wanted else BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    if wanted:
        raise ScalingError(f"no browser at '{clip(wanted)}'; name an installed Chromium or Chrome")
    raise ScalingError(
        "no browser that prints is installed (looked for Chromium and Chrome); install one "
        "(Debian: apt-get install chromium), or name it with --browser PATH"
    )


def make_pdf(project: Project, *, browser: str | None = None) -> Path:
    """Print the published site into `_build/book.pdf`.

    Dates in the file are those of the commit. What else may differ from machine to machine is up to
    the browser and the fonts: the same browser gives the same bytes.

    Parameters
    ----------
    project
        The book, built.
    browser
        Name or path of Chromium or Chrome; by default looked for.

    Raises
    ------
    ScalingError
        If there is no browser or no site.
    BuildError
        If the browser failed, or formulas were not set when it printed.
    """
    program = find_browser(browser)
    if not (project.html / "index.html").is_file():
        raise ScalingError("there is no site yet; build it with: scaling-book build")
    with disk_trouble_explained(), alone(project):
        folder = project.work / "print"
        try:
            remove(folder)
            folder.mkdir(parents=True)
            document = one_document(project)
            with _served(project.html.resolve(), document) as address:
                printed = _print(program, address, folder)
            title = str(read_mapping(project.config, project.config.name)["title"])
            _require_finished(printed, title)
            write_whole(project.pdf, settled(printed, last_commit(project).time))
        finally:
            remove(project.work)
    return project.pdf


def settled(pdf: bytes, epoch: int) -> bytes:
    """A PDF without what differs from print to print; lengths stay, and with them all offsets.

    Every date becomes that of `epoch`, and the names of table cells, which count what the browser did
    before, are counted from one, in their order.

    >>> settled(b"/CreationDate (D:20260102030405+00'00') (node00000712) (node00000709)", 0)
    b"/CreationDate (D:19700101000000+00'00') (node00000002) (node00000001)"
    """
    date = time.strftime("D:%Y%m%d%H%M%S+00'00'", time.gmtime(epoch)).encode()
    pdf = re.sub(rb"(/(?:CreationDate|ModDate) \()D:\d{14}\+00'00'\)", rb"\1" + date + b")", pdf)
    names = sorted(set(re.findall(rb"\(node\d{8}\)", pdf)))
    number = {name: b"(node%08d)" % count for count, name in enumerate(names, start=1)}
    return re.sub(rb"\(node\d{8}\)", lambda match: number[match[0]], pdf)


def _print(browser: str, address: str, folder: Path) -> bytes:
    target = folder / "book.pdf"
    command = [browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions"]
    command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=120000"]
    command += ["--no-pdf-header-footer", "--generate-pdf-document-outline", f"--print-to-pdf={target}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--no-sandbox")  # Chromium has no sandbox for root; it prints our own pages only
    try:
        ran = subprocess.run(
            [*command, address],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PRINT_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{clip(browser)} did not print the book in {PRINT_LIMIT:g} s") from error
    except OSError as error:
        raise BuildError(f"{clip(browser)} cannot be started ({error.strerror})") from error
    if ran.returncode or not target.is_file():
        said = ran.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise BuildError(f"{clip(browser)} did not print the book: {clip(said[0] if said else '', 300)}")
    return target.read_bytes()


def _require_finished(pdf: bytes, title: str) -> None:
    if not pdf.startswith(b"%PDF-") or _as_string(title) not in pdf:
        raise BuildError(
            "the browser printed the book before all formulas were set; the PDF was thrown away. "
            "Try again when the machine has less to do"
        )


def _as_string(title: str) -> bytes:
    """A title as Chromium writes it: literally if it is ASCII, else as UTF-16 in hexadecimal."""
    if title.isascii():
        return b"/Title (" + re.sub(rb"([\\()])", rb"\\\1", title.encode()) + b")"
    return b"/Title <FEFF" + title.encode("utf-16-be").hex().upper().encode() + b">"


@contextmanager
def _served(site: Path, document: str) -> Iterator[str]:
    """Serve a site and one more page to this machine only."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != f"/{_PAGE}":
                super().do_GET()
                return
            content = document.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{_PAGE}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
