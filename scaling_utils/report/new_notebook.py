"""A new notebook of the book, from the template."""

from __future__ import annotations

import re
from pathlib import Path

from scaling_utils.book.project import Project
from scaling_utils.book.scenarios import notebook_file
from scaling_utils.errors import ScalingError, clip
from scaling_utils.files import write_whole

_NAME = re.compile(r"\d\d(-[a-z0-9]+)+")


def new_notebook(project: Project, name: str) -> Path:
    """Write a notebook with every part that a notebook of the book has; it runs as it is.

    Parameters
    ----------
    project
        The book.
    name
        Two digits and words, such as ``10-your-question``.

    Returns
    -------
    pathlib.Path
        The notebook.

    Raises
    ------
    ScalingError
        If the name is of another form, its number is taken, or there is no template.
    """
    if not _NAME.fullmatch(name):
        raise ScalingError(
            f"'{clip(name, 60)}' names no notebook; write two digits and words, as in 10-your-question"
        )
    path = notebook_file(project, name)
    taken = min(path.parent.glob(f"{name[:2]}-*.ipynb"), default=None)
    if taken is not None:
        raise ScalingError(f"there is a notebook {taken.stem} already; choose another number")
    template = project.notebooks / "template" / "template.ipynb"
    try:
        text = template.read_text(encoding="utf-8")
    except OSError as error:
        raise ScalingError(
            f"the template {clip(str(template), 300)} cannot be read: {error.strerror}"
        ) from error
    write_whole(path, text.replace("LABEL", name[3:]))
    return path
