"""Settings that Jupyter Book would let pass are refused before anything runs."""

from __future__ import annotations

import pytest

from scaling_utils.book.config import check_config, check_toc, toc_pages
from scaling_utils.book.scenarios import load_scenarios
from scaling_utils.errors import BuildError


def test_toy_settings_are_fine(toy):
    check_config(toy.project)
    check_toc(toy.project, load_scenarios(toy.project))
    assert toc_pages(toy.project) == [
        "book/index",
        "notebooks/01-count-things/small",
        "notebooks/01-count-things/large",
        "book/references",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("author: Nobody", "auther: Nobody", "unknown key 'auther'. Did you mean 'author'?"),
        ("{execute_notebooks:", "{timout: 3, execute_notebooks:", "unknown key 'execute.timout'"),
        ('execute_notebooks: "off"', "execute_notebooks: off", 'must be "off", in quotes'),
        ('execute_notebooks: "off"', 'execute_notebooks: "auto"', 'must be "off", in quotes'),
        ("author: Nobody", "author: [Nobody]", "'author': ['Nobody'] is not of type 'string'"),
        (', "book/generated/*"', "", "fragments are not pages"),
        ("mathjax_path: mathjax", "mathjax_path: https://cdn.org/mathjax", "mathjax_path must be"),
        ("title: A toy book", "title: [", "not valid YAML"),
    ],
)
def test_bad_settings_are_refused(toy, old, new, message):
    toy.edit("_config.yml", old, new)
    with pytest.raises(BuildError) as caught:
        check_config(toy.project)
    assert message in str(caught.value)


def test_fragments_are_no_pages_either_if_only_the_toc_is_built(toy):
    toy.edit("_config.yml", ', "book/generated/*"', "")
    toy.edit("_config.yml", "only_build_toc_files: false", "only_build_toc_files: true")
    check_config(toy.project)


def test_a_scenario_without_its_page_is_refused(toy):
    toy.edit("book/_toc.yml", "  - file: notebooks/01-count-things/large\n", "")
    with pytest.raises(BuildError, match=r"01-count-things/large is missing; add '- file: notebooks/"):
        check_toc(toy.project, load_scenarios(toy.project))


def test_toc_without_root_or_file_is_refused(toy):
    toy.edit("book/_toc.yml", "root: book/index\n", "")
    with pytest.raises(BuildError, match="root: book/index"):
        toc_pages(toy.project)
    toy.project.toc.unlink()
    with pytest.raises(BuildError, match=r"book/_toc\.yml is missing"):
        toc_pages(toy.project)
