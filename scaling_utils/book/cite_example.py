"""Fragments of the page on citing: an entry and an inventory of this very build."""

from __future__ import annotations

import re

from scaling_utils.book.citing import Work, bibtex, key_of
from scaling_utils.book.edition import edition
from scaling_utils.book.project import Project
from scaling_utils.yaml_files import from_yaml

EXAMPLE = "book/isoflop-profiles"
"""The page that the example cites."""


def cite_fragments(project: Project) -> dict[str, str]:
    """Text of each fragment by its name; none for a book that lacks the page of the example."""
    page = project.root / f"{EXAMPLE}.md"
    if not page.is_file():
        return {}
    work = example_work(project)
    base = work.url.removesuffix(f"{EXAMPLE}.html")
    return {
        "cite-example.md": f"```bibtex\n{bibtex(work)}```\n",
        "intersphinx.md": (
            '```python\nextensions = ["sphinx.ext.intersphinx"]\n'
            f'intersphinx_mapping = {{"scaling": ("{base}", None)}}\n```\n'
        ),
    }


def example_work(project: Project) -> Work:
    """What a citation of the example's page says."""
    config = from_yaml(project.config.read_bytes())
    facts = edition(project, figures={}, notebooks=[], empty=[], moved={})
    heading = re.search(r"^# (.+)$", (project.root / f"{EXAMPLE}.md").read_text(encoding="utf-8"), re.M)
    return Work(
        key=key_of(EXAMPLE),
        title=heading[1] if heading else "",
        url=f"{config.get('html', {}).get('baseurl', '')}{EXAMPLE}.html",
        book=config["title"],
        author=config["author"],
        version=facts["version"],
        commit=facts["commit"],
        date=facts["date"],
    )
