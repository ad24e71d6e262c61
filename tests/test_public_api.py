"""What `from scaling_utils import ...` offers."""

import pytest

import scaling_utils


@pytest.mark.parametrize("name", scaling_utils.__all__)
def test_every_public_name_is_there_and_documented(name):
    thing = getattr(scaling_utils, name)
    assert thing.__doc__
    assert thing.__module__.startswith("scaling_utils.")


def test_every_home_is_public():
    assert sorted(scaling_utils._HOMES) == sorted(scaling_utils.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fit_everything'"):
        scaling_utils.fit_everything  # noqa: B018
