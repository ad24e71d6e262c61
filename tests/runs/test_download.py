import hashlib
import http.server
import socket
import threading
import time
from types import SimpleNamespace

import pytest

from scaling_utils.errors import ChecksumError, DatasetUnavailable
from scaling_utils.runs import download
from scaling_utils.runs.download import BASE_URL, RemoteFile, file_sha256, obtain, state

CONTENT = b"N,D,loss\n1e8,2e9,3.1\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
WRONG = b"<html>sign in first</html>"
REMOTE = RemoteFile("owner/repo", "c0ffee", "data/a file+1.csv", SHA256)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache and no mirror."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SCALING_DATA_CACHE", str(folder))
    monkeypatch.delenv("SCALING_DATA_MIRROR", raising=False)
    return folder


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv("SCALING_DATA_MIRROR", str(folder))
    return folder


class Server:
    """A host on this machine that gives one answer and counts the questions."""

    def __init__(self, *, status=200, body=CONTENT, length=None, hang=0.0):
        self.asked = []
        self.released = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                if hang:
                    outer.released.wait(hang)
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(length or len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def put(folder, content):
    path = folder / REMOTE.relative
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_public_address():
    assert REMOTE.url == f"{BASE_URL}/owner/repo/c0ffee/data/a%20file%2B1.csv"


class TestDownload:
    def test_a_good_file_is_kept_and_asked_for_once(self, cache):
        with Server() as host:
            path = obtain(REMOTE, base_url=host.url)
            assert obtain(REMOTE, base_url=host.url) == path
        assert host.asked == ["/owner/repo/c0ffee/data/a%20file%2B1.csv"]
        assert path == cache / REMOTE.relative
        assert path.read_bytes() == CONTENT
        assert files_in(cache) == [REMOTE.relative]
        assert state(REMOTE) == "cached"

    def test_wrong_bytes_are_an_error_and_leave_nothing(self, cache):
        with Server(body=WRONG) as host, pytest.raises(ChecksumError) as caught:
            obtain(REMOTE, base_url=host.url)
        message = str(caught.value)
        assert SHA256 in message
        assert hashlib.sha256(WRONG).hexdigest() in message
        assert host.url in message
        assert files_in(cache) == []
        assert len(host.asked) == 1

    @pytest.mark.parametrize("status", [404, 500])
    def test_a_refusal_says_what_the_host_answered(self, cache, status):
        with Server(status=status) as host:
            with pytest.raises(DatasetUnavailable, match=f"answered {status}.*Connect to the network"):
                obtain(REMOTE, base_url=host.url)
            assert len(host.asked) == 1
            with pytest.raises(DatasetUnavailable):
                obtain(REMOTE, base_url=host.url)
            assert len(host.asked) == 2, "a host that answers is asked again"
        assert files_in(cache) == []

    def test_a_hanging_host_is_waited_for_once(self, cache):
        other = RemoteFile("owner/repo", "c0ffee", "data/other.csv", SHA256)
        with Server(hang=30) as host:
            start = time.monotonic()
            with pytest.raises(DatasetUnavailable, match=r"gave no answer in 0\.3 s"):
                obtain(REMOTE, base_url=host.url, timeout=0.3)
            with pytest.raises(DatasetUnavailable, match=r"no answer in 0\.3 s\), so it was not asked again"):
                obtain(other, base_url=host.url, timeout=0.3)
            assert time.monotonic() - start < 5
            assert len(host.asked) == 1

    def test_a_refused_connection(self, monkeypatch):
        clock = [1000.0]
        monkeypatch.setattr(download, "time", SimpleNamespace(monotonic=lambda: clock[0]))
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
            with pytest.raises(DatasetUnavailable, match="could not be reached"):
                obtain(REMOTE, base_url=url)
            with pytest.raises(DatasetUnavailable, match="not asked again within 60 s"):
                obtain(REMOTE, base_url=url)
            clock[0] += download.PAUSE
            with pytest.raises(DatasetUnavailable, match="could not be reached"):
                obtain(REMOTE, base_url=url)

    def test_an_answer_cut_short(self, cache):
        with Server(length=9999) as host, pytest.raises(DatasetUnavailable, match="could not be reached"):
            obtain(REMOTE, base_url=host.url)
        assert files_in(cache) == []

    def test_offline_does_not_ask(self, cache):
        with Server() as host, pytest.raises(DatasetUnavailable, match="downloads are off"):
            obtain(REMOTE, offline=True, base_url=host.url)
        assert host.asked == []

    def test_a_cache_that_cannot_be_written(self, cache):
        cache.write_text("a file, not a folder")
        with Server() as host, pytest.raises(DatasetUnavailable, match="the cache cannot be written"):
            obtain(REMOTE, base_url=host.url)


class TestCache:
    def test_a_damaged_copy_is_replaced(self, cache):
        path = put(cache, b"half")
        assert state(REMOTE) == "damaged"
        with Server() as host:
            assert obtain(REMOTE, base_url=host.url) == path
        assert path.read_bytes() == CONTENT

    def test_a_damaged_copy_that_cannot_be_replaced(self, cache):
        put(cache, b"half")
        with pytest.raises(DatasetUnavailable, match="copy in the cache is damaged; downloads are off"):
            obtain(REMOTE, offline=True)
        with (
            Server(status=404) as host,
            pytest.raises(DatasetUnavailable, match=r"is damaged; .* answered 404"),
        ):
            obtain(REMOTE, base_url=host.url)

    def test_a_good_copy_needs_no_network(self, cache):
        path = put(cache, CONTENT)
        with Server() as host:
            assert obtain(REMOTE, base_url=host.url) == path
        assert host.asked == []

    def test_a_folder_in_place_of_the_file(self, cache):
        (cache / REMOTE.relative).mkdir(parents=True)
        with pytest.raises(DatasetUnavailable, match="cannot be read"):
            obtain(REMOTE, offline=True)

    def test_the_folder_without_settings_is_per_account(self, monkeypatch, tmp_path):
        import pooch

        from scaling_utils.runs.download import cache_folder

        monkeypatch.delenv("SCALING_DATA_CACHE")
        assert cache_folder() == pooch.os_cache("scaling-laws-book")


class TestMirror:
    def test_a_mirror_is_read_in_place(self, mirror, cache):
        path = put(mirror, CONTENT)
        with Server() as host:
            assert obtain(REMOTE, base_url=host.url) == path
        assert host.asked == []
        assert not cache.exists()
        assert state(REMOTE) == "mirrored"

    def test_a_wrong_file_in_the_mirror_is_an_error(self, mirror, cache):
        path = put(mirror, WRONG)
        put(cache, CONTENT)
        with pytest.raises(ChecksumError) as caught:
            obtain(REMOTE)
        assert str(path) in str(caught.value)
        assert state(REMOTE) == "damaged"

    def test_a_file_missing_from_the_mirror_comes_from_the_cache(self, mirror, cache):
        path = put(cache, CONTENT)
        assert obtain(REMOTE) == path
        assert state(REMOTE) == "cached"

    def test_a_mirror_keeps_the_network_off(self, mirror):
        with (
            Server() as host,
            pytest.raises(DatasetUnavailable, match=r"SCALING_DATA_MIRROR=.* does not hold"),
        ):
            obtain(REMOTE, base_url=host.url)
        assert host.asked == []
        assert state(REMOTE) == "absent"

    def test_a_mirror_that_does_not_exist(self, mirror):
        mirror.rmdir()
        with pytest.raises(DatasetUnavailable, match="does not hold"):
            obtain(REMOTE)


def test_sha256_of_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    assert file_sha256(path) == SHA256
