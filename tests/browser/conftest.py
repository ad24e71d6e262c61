"""The built site in a real browser, served under a strict content security policy."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path

import pytest

from scaling_utils.book.sphinx_citing import CITE_BUTTON

ROOT = Path(__file__).parents[2]
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
HANDLERS = ("window.print()", CITE_BUTTON["javascript"])
"""Of buttons in the theme's header; the search reads pages, buttons and all."""


def policy(page: str) -> str:
    """A content security policy under which a page may run its own scripts and nothing else, without eval."""

    inline = dict.fromkeys([*INLINE_SCRIPT.findall(page), *HANDLERS])
    hashes = (base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in inline)
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'unsafe-hashes' {allowed}",
            "style-src 'self' 'unsafe-inline'",  # MathJax and the theme set styles from scripts
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'self'",
        ]
    )


@pytest.fixture(scope="session")
def site():
    """Folder of the built site: SCALING_BOOK_SITE, or what `make book` wrote."""
    folder = Path(os.environ.get("SCALING_BOOK_SITE", ROOT / "_build" / "html")).resolve()
    if not (folder / "index.html").is_file():
        pytest.skip("there is no built site; run make book first, or name one in SCALING_BOOK_SITE")
    return folder


@pytest.fixture(scope="session")
def pages(site):
    """Names of all pages."""
    return sorted(
        path.relative_to(site).as_posix() for path in site.rglob("*.html") if "_static" not in path.parts
    )


@pytest.fixture(scope="session")
def address(site, served):
    """Where the site is served."""
    with served(site, policy) as where:
        yield where


@pytest.fixture
def open_page(browser, address):
    """A function that gives an empty page in a theme and a size; `page.trouble` collects what goes wrong."""
    contexts = []

    def open_(*, theme="light", width=1280, height=900, **options):
        context = browser.new_context(
            base_url=address, color_scheme=theme, viewport={"width": width, "height": height}, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.trouble = []
        page.on("console", lambda m: page.trouble.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith((address, "data:", "blob:"))
                else page.trouble.append(f"asks another host: {r.url}")
            ),
        )
        page.on(
            "requestfailed",
            lambda r: page.trouble.append(f"failed: {r.url}") if r.failure != "net::ERR_ABORTED" else None,
        )
        return page

    yield open_
    for context in contexts:
        context.close()
