"""Downloads from a host on this machine that misbehaves on purpose."""

import hashlib
import http.server
import re
import threading
import time
from contextlib import contextmanager

import pytest

from scaling_utils.errors import DatasetUnavailable
from scaling_utils.runs.download import RemoteFile, obtain

CONTENT = b"".join(b"1e8,2e9,%d\n" % number for number in range(20_000))
REMOTE = RemoteFile("owner/repo", "c0ffee", "runs.csv", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SCALING_DATA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SCALING_DATA_MIRROR", raising=False)
    return tmp_path / "cache"


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@contextmanager
def host(answer):
    """A host whose every GET is handled by `answer(handler)`; yields its address and the ranges asked for."""
    ranges = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            ranges.append(self.headers.get("Range"))
            answer(self)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", ranges
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(handler, body, *, status=200, length=None, **headers):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def from_range(handler):
    asked = handler.headers.get("Range")
    return int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked else 0


def test_redirects_are_followed(cache):
    def answer(handler):
        if handler.path.endswith("/runs.csv"):
            send(handler, b"", status=302, Location="/moved/here")
        else:
            assert handler.path == "/moved/here"
            send(handler, CONTENT)

    with host(answer) as (url, _):
        assert obtain(REMOTE, base_url=url).read_bytes() == CONTENT


def test_a_circle_of_redirects_ends(cache):
    with (
        host(lambda handler: send(handler, b"", status=302, Location=handler.path)) as (url, _),
        pytest.raises(DatasetUnavailable, match="TooManyRedirects"),
    ):
        obtain(REMOTE, base_url=url)
    assert files_in(cache) == []


def test_a_cut_connection_is_resumed_where_it_stopped(cache):
    def answer(handler):
        start = from_range(handler)
        part = CONTENT[start : start + 90_000]
        rest = len(CONTENT) - start
        if start:
            content_range = f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"
            send(handler, part, status=206, length=rest, Content_Range=content_range)
        else:
            send(handler, part, length=rest)

    with host(answer) as (url, ranges):
        assert obtain(REMOTE, base_url=url).read_bytes() == CONTENT
    assert ranges == [None, "bytes=90000-", "bytes=180000-"]
    assert files_in(cache) == [REMOTE.relative]


def test_a_host_that_cannot_resume_starts_over(cache):
    def answer(handler):
        send(handler, CONTENT if from_range(handler) else CONTENT[:90_000], length=len(CONTENT))

    with host(answer) as (url, ranges):
        assert obtain(REMOTE, base_url=url).read_bytes() == CONTENT
    assert ranges == [None, "bytes=90000-"]


def test_a_host_that_sends_no_more_than_before_is_given_up(cache):
    with host(lambda handler: send(handler, CONTENT[:9], length=len(CONTENT))) as (url, ranges):
        with pytest.raises(DatasetUnavailable, match="ChunkedEncodingError"):
            obtain(REMOTE, base_url=url)
        assert ranges == [None, "bytes=9-"]
    assert files_in(cache) == []


def test_a_host_that_trickles_is_given_up_at_the_limit(cache):
    over = threading.Event()

    def answer(handler):
        send(handler, CONTENT[:10], length=len(CONTENT))
        while not over.wait(0.05):
            handler.wfile.write(b"1")

    other = RemoteFile("owner/repo", "c0ffee", "other.csv", REMOTE.sha256)
    with host(answer) as (url, ranges):
        begun = time.monotonic()
        with pytest.raises(DatasetUnavailable, match=r"was too slow \(\d+ bytes in 0\.5 s\)"):
            obtain(REMOTE, base_url=url, limit=0.5)
        with pytest.raises(DatasetUnavailable, match="so it was not asked again"):
            obtain(other, base_url=url, limit=0.5)
        assert time.monotonic() - begun < 5
        over.set()
    assert len(ranges) == 1
    assert files_in(cache) == []


def test_a_host_that_falls_silent_midway_is_given_up(cache):
    over = threading.Event()

    def answer(handler):
        send(handler, CONTENT[:10], length=len(CONTENT))
        over.wait(30)

    with host(answer) as (url, _):
        with pytest.raises(DatasetUnavailable, match=r"gave no answer in 0\.3 s"):
            obtain(REMOTE, base_url=url, timeout=0.3)
        over.set()
    assert files_in(cache) == []
