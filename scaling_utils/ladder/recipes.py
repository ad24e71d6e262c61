"""The corpora of the ladder, made from pinned Debian packages and never committed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scaling_utils.errors import ChecksumError, DatasetUnavailable, clip
from scaling_utils.ladder.archives import c_sources, dictionary_text
from scaling_utils.ladder.config import LadderError
from scaling_utils.ladder.corpus import Corpus
from scaling_utils.ladder.store import save
from scaling_utils.runs.download import cache_folder, file_sha256


@dataclass(frozen=True)
class Recipe:
    """How the bytes of a corpus are made.

    Parameters
    ----------
    name
        Name of the corpus.
    package, version, package_sha256
        The Debian package, and the checksum of its file.
    licence
        SPDX expression of the text.
    extract
        Takes the path of the package's file, gives the corpus.
    sha256
        Checksum of the corpus.
    """

    name: str
    package: str
    version: str
    package_sha256: str
    licence: str
    extract: Callable[[Path], bytes]
    sha256: str


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="prose",
            package="dict-gcide",
            version="0.48.5+nmu2",
            package_sha256="7b0af5cfde3cbdef5e9d6e78f92ec335ced7c2790f37a40f49bebc6f7347ac0f",
            licence="GPL-2.0-or-later",
            extract=dictionary_text,
            sha256="802beb667e1fb666203e750f1faea60d5c202ac5430c2083c4180494609f10a7",
        ),
        Recipe(
            name="code",
            package="linux-source-6.1",
            version="6.1.176-1",
            package_sha256="9305d1a151b8e83dcb88aa11361e7b9513f0c252bdf7f5647e4542762d99c094",
            licence="GPL-2.0-only WITH Linux-syscall-note",
            extract=c_sources,
            sha256="8eefbbb300a0a03239b926cc529b2b3af76ca36c5191c07ebaf6b5c9a5a9c0b1",
        ),
    )
}
"""Name: recipe. Prose is the text of the GNU Collaborative International Dictionary of English; code is the
C of the Linux kernel below kernel/ and fs/."""


def load_corpus(name: str) -> Corpus:
    """The corpus of a recipe, from the cache; made first if need be.

    Raises
    ------
    LadderError
        If there is no such recipe.
    DatasetUnavailable, ChecksumError
        As for `obtain`.
    """
    return Corpus.from_bytes(obtain(name).read_bytes(), name=name)


def obtain(name: str, *, file: Path | None = None) -> Path:
    """Path of a corpus in the cache, with its checksum verified.

    Parameters
    ----------
    name
        Name of a recipe.
    file
        The package's file, or the corpus itself, where it is at hand already.

    Raises
    ------
    LadderError
        If there is no such recipe.
    DatasetUnavailable
        If the package cannot be had here; the message says how to get it.
    ChecksumError
        If a file is not the one the recipe names.
    """
    if name not in RECIPES:
        raise LadderError(f"no corpus is called '{clip(name, 60)}'; there are {', '.join(RECIPES)}")
    recipe = RECIPES[name]
    target = cache_folder() / "ladder" / f"{name}.bytes"
    if file is None and target.is_file() and file_sha256(target) == recipe.sha256:
        return target
    if file is not None:
        text = _from_file(file, recipe)
    else:
        with tempfile.TemporaryDirectory() as folder:
            text = recipe.extract(_download(recipe, Path(folder)))
    found = hashlib.sha256(text).hexdigest()
    if found != recipe.sha256:
        raise ChecksumError(
            f"the corpus '{name}' made from {recipe.package} {recipe.version} has sha256 {found}, but the "
            f"recipe states {recipe.sha256}. Report this: it should give the same bytes everywhere"
        )
    save(target, text)
    return target


def _from_file(file: Path, recipe: Recipe) -> bytes:
    try:
        found = file_sha256(file)
        if found == recipe.sha256:
            return file.read_bytes()
    except OSError as error:
        raise DatasetUnavailable(f"{clip(str(file), 300)} cannot be read ({error.strerror})") from error
    if found == recipe.package_sha256:
        return recipe.extract(file)
    raise ChecksumError(
        f"{clip(str(file), 300)}: sha256 is {found}; the corpus '{recipe.name}' has {recipe.sha256}, and "
        f"{recipe.package} {recipe.version} has {recipe.package_sha256}. Give one of these two files"
    )


def _download(recipe: Recipe, folder: Path) -> Path:
    """The package's file, by apt-get, its checksum verified."""
    wanted = f"{recipe.package}={recipe.version}"
    remedy = (
        f"Save the file of {recipe.package} {recipe.version} (Debian's snapshot archive keeps every version) "
        f"and give it with: scaling-book ladder corpus {recipe.name} --file FILE"
    )
    apt = shutil.which("apt-get")
    if apt is None:
        raise DatasetUnavailable(
            f"the corpus '{recipe.name}' is made from a Debian package, and there is no apt-get here. "
            f"{remedy}"
        )
    done = subprocess.run([apt, "download", wanted], cwd=folder, capture_output=True, text=True)
    files = sorted(folder.glob("*.deb"))
    if done.returncode or len(files) != 1:
        reason = clip((done.stderr.strip().splitlines() or ["no reason given"])[-1], 200)
        raise DatasetUnavailable(f"apt-get download {wanted} failed ({reason}). {remedy}")
    found = file_sha256(files[0])
    if found != recipe.package_sha256:
        raise ChecksumError(
            f"{recipe.package} {recipe.version}: sha256 is {found}, but the recipe states "
            f"{recipe.package_sha256}. {remedy}"
        )
    return files[0]
