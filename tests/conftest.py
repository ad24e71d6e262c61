"""Fixtures for all tests."""

import os

import pytest

from scaling_utils.errors import DatasetUnavailable


@pytest.fixture
def public_file():
    """A function that gives the file of a public dataset, or skips the test where it is not at hand.

    With SCALING_REQUIRE_PUBLIC_DATA=1 the test fails instead, so that continuous integration skips none.
    """
    from scaling_utils.runs.registry import locate

    def find(dataset_id):
        try:
            return locate(dataset_id, offline=True)
        except DatasetUnavailable as error:
            if os.environ.get("SCALING_REQUIRE_PUBLIC_DATA") == "1":
                raise
            pytest.skip(f"needs a public file: {error}")

    return find
