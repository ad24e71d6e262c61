"""One file over HTTP: within a time limit, and going on where a cut connection stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import requests

TIMEOUT = 10.0
"""Seconds to wait for the host to connect, and for each next part of an answer."""

LIMIT = 300.0
"""Seconds that one file may take in all, however often the host sends a little."""

ATTEMPTS = 3
"""How often a file is asked for if the connection breaks midway."""

BLOCK = 2**16


class TooSlow(Exception):
    """A host kept sending, but the file did not arrive within the limit."""


@dataclass(frozen=True)
class Transfer:
    """A downloader for `pooch.retrieve`.

    pooch's own has a time limit for each read only, so a host that trickles could hold a build for
    hours, and it starts over after a cut.

    Parameters
    ----------
    timeout
        Seconds to wait for the host to connect, and for each next part of an answer.
    limit
        Seconds for the whole file.
    attempts
        How often to ask, as long as each answer brings the file further.
    """

    timeout: float = TIMEOUT
    limit: float = LIMIT
    attempts: int = ATTEMPTS

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Write what `url` answers into a file.

        Raises
        ------
        TooSlow
            If the limit is over.
        requests.exceptions.RequestException
            If the host cannot be reached, refuses, or breaks off at every attempt.
        OSError
            If the file cannot be written.
        """
        import requests

        end = time.monotonic() + self.limit
        with Path(output_file).open("wb") as file, requests.Session() as session:
            for attempt in range(1, self.attempts + 1):
                begun = file.tell()
                try:
                    self._receive(session, url, file, end)
                    return
                except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError):
                    if attempt == self.attempts or file.tell() == begun:
                        raise

    def _receive(self, session: requests.Session, url: str, file: BinaryIO, end: float) -> None:
        from requests.exceptions import ChunkedEncodingError, ReadTimeout
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        have = file.tell()
        # The bytes as they are: a resumed answer must not be one end of a compressed stream.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with session.get(url, headers=headers, stream=True, timeout=self.timeout) as answer:
            answer.raise_for_status()
            if have and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                file.seek(0)
                file.truncate()
            try:
                while block := answer.raw.read1(BLOCK):
                    file.write(block)
                    if time.monotonic() > end:
                        raise TooSlow(f"{file.tell()} bytes in {self.limit:g} s")
            except ReadTimeoutError as error:
                raise ReadTimeout(error) from error
            except HTTPError as error:
                raise ChunkedEncodingError(error) from error
