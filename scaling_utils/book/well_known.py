"""Files that a site has besides its pages: the page for what is not there, a map, and a word to crawlers."""

from __future__ import annotations

import html
from collections.abc import Iterable
from urllib.parse import urljoin

NOT_FOUND = """\
<section id="page-not-found">
<h1>Page not found</h1>
<p>There is no page at this address. Pages that moved redirect, so look for a slip in the address.</p>
<p>Go to <a href="{root}">the front page</a>, or <a href="search.html">search the book</a>.</p>
</section>
"""


def sitemap(base: str, pages: Iterable[str], date: str) -> str:
    """Map of a site in the protocol of sitemaps.org.

    >>> print(sitemap("https://a.example/", ["book/x.html"], "2026-01-02"), end="")
    <?xml version="1.0" encoding="UTF-8"?>
    <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
    <url><loc>https://a.example/book/x.html</loc><lastmod>2026-01-02</lastmod></url>
    </urlset>
    """
    rows = "".join(
        f"<url><loc>{html.escape(urljoin(base, page))}</loc><lastmod>{date}</lastmod></url>\n"
        for page in pages
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    )


def robots(base: str) -> str:
    r"""What crawlers may read: everything, by the map.

    >>> robots("https://a.example/")
    'User-agent: *\nAllow: /\nSitemap: https://a.example/sitemap.xml\n'
    """
    return f"User-agent: *\nAllow: /\nSitemap: {urljoin(base, 'sitemap.xml')}\n"
