"""Where things lie in a book project: what is read, and what the build writes under `_build/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scaling_utils.errors import ScalingError, clip


@dataclass(frozen=True)
class Project:
    """A folder that holds `_config.yml` and `notebooks/scenarios.yml`.

    Parameters
    ----------
    root
        The folder, absolute.
    """

    root: Path

    @property
    def config(self) -> Path:
        """Settings of Jupyter Book."""
        return self.root / "_config.yml"

    @property
    def pages(self) -> Path:
        """Folder of the prose pages."""
        return self.root / "book"

    @property
    def toc(self) -> Path:
        """Table of contents."""
        return self.pages / "_toc.yml"

    @property
    def notebooks(self) -> Path:
        """Folder of the notebooks, which hold no outputs."""
        return self.root / "notebooks"

    @property
    def scenarios(self) -> Path:
        """List of (notebook, scenario, parameters)."""
        return self.notebooks / "scenarios.yml"

    @property
    def locked(self) -> Path:
        """Exact versions of everything installed."""
        return self.root / "requirements.lock"

    @property
    def results(self) -> Path:
        """What the pages of the last build published."""
        return self.staged / "results.json"

    @property
    def claims(self) -> Path:
        """The ledger of claims of the last build, as JSON; the site holds a copy at its top."""
        return self.staged / "claims.json"

    @property
    def build(self) -> Path:
        """Everything a build writes, temporary files included, lies below this folder."""
        return self.root / "_build"

    @property
    def executed(self) -> Path:
        """Cache of executed notebooks."""
        return self.build / "executed"

    @property
    def failed(self) -> Path:
        """Notebooks that stopped at an error, kept for looking."""
        return self.build / "failed"

    @property
    def work(self) -> Path:
        """Scratch of one build; gone when it ends."""
        return self.build / "work"

    @property
    def home(self) -> Path:
        """Configuration and caches of the kernels, kept apart from the user's own."""
        return self.build / "home"

    @property
    def staged(self) -> Path:
        """Mirror tree of sources that Sphinx reads."""
        return self.build / "src"

    @property
    def sites(self) -> Path:
        """Finished sites; `html` points at one of them."""
        return self.build / "sites"

    @property
    def staged_toc(self) -> Path:
        """Table of contents of what was staged: of a preview, that of its pages."""
        return self.staged / self.toc.relative_to(self.root)

    @property
    def html(self) -> Path:
        """The published site: a symbolic link into `sites`."""
        return self.build / "html"

    @property
    def pdf(self) -> Path:
        """The whole book as a PDF."""
        return self.build / "book.pdf"

    @property
    def epub(self) -> Path:
        """The whole book as an EPUB."""
        return self.build / "book.epub"

    @property
    def build_lock(self) -> Path:
        """Lock file held while a build runs."""
        return self.build / ".lock"

    @property
    def log(self) -> Path:
        """What Sphinx said when the site was last rendered."""
        return self.build / "sphinx.log"


def find_project(start: Path) -> Project:
    """The project that `start` lies in: the nearest folder upward with the two files of a book.

    Parameters
    ----------
    start
        Any folder.

    Raises
    ------
    ScalingError
        If neither `start` nor any folder above it is a book project.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = Path(folder).resolve()
    ...     (root / "notebooks").mkdir()
    ...     for name in ("_config.yml", "notebooks/scenarios.yml"):
    ...         (root / name).touch()
    ...     find_project(root / "notebooks").root == root
    True
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "_config.yml").is_file() and (folder / "notebooks" / "scenarios.yml").is_file():
            return Project(folder)
    raise ScalingError(
        f"no book here: neither {clip(str(start))} nor a folder above it holds _config.yml and "
        "notebooks/scenarios.yml. Go to the project's folder, or name it with --project DIR"
    )
