"""What a release carries: the site as an archive, PDF, EPUB, results and checksums."""

from __future__ import annotations

import gzip
import tarfile
from io import BytesIO
from pathlib import Path

from scaling_utils.book.commit import last_commit
from scaling_utils.book.files import checksums, disk_trouble_explained, remove
from scaling_utils.book.project import Project
from scaling_utils.errors import ScalingError
from scaling_utils.files import PARTIAL, write_whole

SITE_ARCHIVE = "site.tar.gz"
CHECKSUMS = "SHA256SUMS"


def make_release(project: Project) -> Path:
    """Collect the files of a release in `dist/release`.

    Parameters
    ----------
    project
        The book, with site, PDF and EPUB built.

    Returns
    -------
    pathlib.Path
        The folder; it appears whole.

    Raises
    ------
    ScalingError
        If one of the parts has not been built.
    """
    parts = (project.html / "results.json", project.pdf, project.epub)
    for path in parts:
        if not path.is_file():
            raise ScalingError(f"{path.relative_to(project.root)} is missing; make it all with: make release")
    folder = project.root / "dist" / "release"
    aside = folder.with_name(folder.name + PARTIAL)
    with disk_trouble_explained():
        remove(aside)
        write_whole(aside / SITE_ARCHIVE, archive(project.html.resolve(), last_commit(project).time))
        for path in parts:
            write_whole(aside / path.name, path.read_bytes())
        sums = checksums(sorted(aside.iterdir()), aside)
        write_whole(aside / CHECKSUMS, "".join(f"{sum_}  {name}\n" for name, sum_ in sums.items()))
        remove(folder)
        aside.replace(folder)
    return folder


def archive(folder: Path, epoch: int) -> bytes:
    """A gzipped tar of the files below a folder; the same files give the same bytes.

    Parameters
    ----------
    folder
        Its name is not in the archive.
    epoch
        Seconds since 1970 that stand for the time of every file.
    """
    plain = BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size, entry.mtime, entry.mode = path.stat().st_size, epoch, 0o644
            with path.open("rb") as stream:
                tar.addfile(entry, stream)
    return gzip.compress(plain.getvalue(), mtime=epoch)
