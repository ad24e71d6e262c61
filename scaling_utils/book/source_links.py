"""Buttons that lead from a page to its source: run it, edit it, report a mistake."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import quote, urlsplit

BINDER = "https://mybinder.org/v2/gh"
COLAB = "https://colab.research.google.com/github"


def source_of(page: str, *, notebooks: Collection[str]) -> str:
    """Path in the repository of what a page is made from.

    >>> source_of("book/ledger", notebooks=())
    'book/ledger.md'
    >>> source_of("notebooks/03-isoflop-profiles/mine", notebooks=["notebooks/03-isoflop-profiles/mine"])
    'notebooks/03-isoflop-profiles.ipynb'
    """
    return f"{page.rpartition('/')[0]}.ipynb" if page in notebooks else f"{page}.md"


def source_buttons(
    repository: str, *, branch: str, page: str, notebooks: Collection[str]
) -> list[dict[str, Any]]:
    """Groups of buttons as the theme takes them; none without a repository.

    A page of a notebook has no source of its own name: every scenario runs the same notebook, so the links
    that the theme would make lead nowhere.

    Parameters
    ----------
    repository
        Address of the repository; launching needs one on GitHub.
    branch
        Its branch.
    page
        Name of the page.
    notebooks
        Names of the pages that come from notebooks.
    """
    if not repository:
        return []
    repository = repository.rstrip("/")
    source = source_of(page, notebooks=notebooks)
    title = quote(f"Issue on page {page}")
    groups = [
        _group(
            "source-buttons",
            "Source of this page",
            "fas fa-pen-to-square",
            [
                ("Repository", "Repository of the book", "fas fa-code-branch", repository),
                ("Suggest edit", "Edit the source of this page", "fas fa-pencil-alt",
                 f"{repository}/edit/{branch}/{source}"),
                ("Open issue", "Report a mistake on this page", "fas fa-lightbulb",
                 f"{repository}/issues/new?title={title}"),
            ],
        )
    ]  # fmt: skip
    host, path = urlsplit(repository).hostname, urlsplit(repository).path.strip("/")
    if page in notebooks and host == "github.com":
        binder = f"{BINDER}/{path}/{branch}?urlpath=lab/tree/{quote(source)}"
        colab = f"{COLAB}/{path}/blob/{branch}/{quote(source)}"
        groups.append(
            _group(
                "launch-buttons",
                "Run this notebook",
                "fas fa-rocket",
                [
                    ("Binder", "Run on Binder", "_static/images/logo_binder.svg", binder),
                    ("Colab", "Open in Colab", "_static/images/logo_colab.png", colab),
                ],
            )
        )
    return groups


def _group(label: str, tooltip: str, icon: str, links: list[tuple[str, str, str, str]]) -> dict[str, Any]:
    buttons = [
        {"type": "link", "text": text, "tooltip": told, "icon": image, "url": url}
        for text, told, image, url in links
    ]
    return {"type": "group", "label": label, "tooltip": tooltip, "icon": icon, "buttons": buttons}
