"""What the registry says about a dataset, and reading the registry file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError, clip
from scaling_utils.runs.columns import listed
from scaling_utils.runs.download import RemoteFile

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
_Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
_Repository = Annotated[str, StringConstraints(pattern=r"^[\w-][\w.-]*/[\w-][\w.-]*$")]
_RelativePath = Annotated[str, StringConstraints(pattern=r"^[\w+-][\w.+-]*(/[\w+-][\w.+-]*)*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Variant(_Strict):
    """One of several protocols that a file holds."""

    description: _Text
    conventions: Conventions


class Dataset(_Strict):
    """One entry of the registry.

    Parameters
    ----------
    id, title, description, notes
        Name for `load`, and what a reader should know.
    licence
        SPDX id of the file.
    citation
        Key of the bibliography.
    related
        Further keys: data releases, or the work a figure was read from.
    kind
        ``"runs"`` (measured points) or ``"laws"`` (fitted constants).
    serves
        The figures it is used for.
    sha256
        Checksum of the file; empty for a bundled file that is still to be measured.
    path
        Bundled file, relative to the data folder; or else `repository`, `commit` and `file`.
    conventions
        How runs are counted; None for laws, and where each variant has its own.
    default_variant, variants
        The protocols in the file, where there are several.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: _Text
    description: _Text
    notes: str = ""
    licence: _Text
    citation: _Text
    related: tuple[_Text, ...] = ()
    kind: Literal["runs", "laws"]
    serves: tuple[_Text, ...]
    sha256: _Sha256
    path: _RelativePath | None = None
    repository: _Repository | None = None
    commit: _Commit | None = None
    file: _RelativePath | None = None
    conventions: Conventions | None = None
    default_variant: str | None = None
    variants: Mapping[str, Variant] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> Dataset:
        if self.pending and self.path is None:
            raise ValueError("sha256 may be empty only where path is given")
        remote = [part is not None for part in (self.repository, self.commit, self.file)]
        if any(remote) if self.path is not None else not all(remote):
            raise ValueError("give either path, or all of repository, commit and file")
        if self.kind == "runs" and (self.conventions is None) != bool(self.variants):
            raise ValueError("runs need conventions, either one set or one per variant")
        if self.kind == "laws" and (self.conventions or self.variants):
            raise ValueError("laws have no conventions and no variants")
        if self.variants and self.default_variant not in self.variants:
            raise ValueError("default_variant must name a variant")
        return self

    @property
    def pending(self) -> bool:
        """Whether its runs are still to be measured, so that there is no file yet."""
        return not self.sha256

    @property
    def remote(self) -> RemoteFile | None:
        """The public file, None for a bundled dataset."""
        if self.repository is None or self.commit is None or self.file is None:
            return None
        return RemoteFile(self.repository, self.commit, self.file, self.sha256)

    def choose_variant(self, variant: str | None) -> str | None:
        """The variant to load: the one asked for, or the default.

        Raises
        ------
        DataError
            If the dataset does not have that variant.
        """
        if variant is None or variant in self.variants:
            return variant or self.default_variant
        known = f"it has {listed(self.variants)}" if self.variants else "it has no variants"
        raise DataError(f"dataset '{self.id}' has no variant '{clip(str(variant), 60)}'; {known}")

    def conventions_of(self, variant: str | None = None) -> Conventions:
        """How the runs of a variant (by default the default one) are counted.

        Raises
        ------
        DataError
            If the dataset does not have that variant, or holds no runs.
        """
        chosen = self.choose_variant(variant)
        conventions = self.variants[chosen].conventions if chosen is not None else self.conventions
        if conventions is None:
            raise DataError(
                f"dataset '{self.id}' is a table of laws, not of runs", remedy=f"Use load_table('{self.id}')."
            )
        return conventions


def read_registry(path: str | Path) -> dict[str, Dataset]:
    """Read and check a registry file.

    Raises
    ------
    DataError
        If the file is missing, is not TOML, or an entry does not follow `Dataset`.
    """
    path = Path(path)
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"the registry cannot be read ({clip(str(error))})", file=path) from error
    registry = {}
    for name, entry in entries.items():
        try:
            registry[name] = Dataset.model_validate({**entry, "id": name})
        except (TypeError, ValidationError) as error:
            raise DataError(f"entry '{clip(name)}' is wrong: {first_problem(error)}", file=path) from error
    return registry


def first_problem(error: Exception) -> str:
    """The first complaint of a validation, with the place it is about."""
    if not isinstance(error, ValidationError):
        return clip(str(error))
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return clip(f"{where}: {first['msg']}" if where else first["msg"], 200)
