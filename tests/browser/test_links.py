"""Links within the site lead somewhere, to the anchor too."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.slow


class Anchors(HTMLParser):
    """What a page can be asked for, and what it links to."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.at_root = set(), [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "base":  # the page of what is not found is shown at any address
            self.at_root = True
            return
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        self.links += [given[name] for name in ("href", "src") if given.get(name)]


def test_every_link_within_the_site_resolves(site, pages):
    found = {name: Anchors((site / name).read_text(encoding="utf-8")) for name in pages}
    broken = []
    for name, page in found.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            folder = site if page.at_root else (site / name).parent
            target = folder / unquote(parts.path) if parts.path else site / name
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                broken.append(f"{name} -> {link}")
            elif parts.fragment and target.suffix == ".html":
                there = found[target.resolve().relative_to(site).as_posix()].ids
                if unquote(parts.fragment) not in there:
                    broken.append(f"{name} -> {link}: no such anchor")
    assert sum(len(page.links) for page in found.values()) > 1000
    assert broken == []
