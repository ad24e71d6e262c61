import pickle

import pytest

from scaling_utils import errors
from scaling_utils.errors import BuildError, DataError, ScalingError, clip


def test_every_named_error_is_a_scaling_error_with_an_exit_code():
    named = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert len(named) >= 7
    assert all(issubclass(e, ScalingError) for e in named)
    assert {e.exit_code for e in named if e is not BuildError} == {2}
    assert BuildError.exit_code == 1


def test_data_error_counts_the_lines_it_does_not_show():
    message = str(DataError("bad", rows=list(range(2, 12)), column="N"))
    assert message == "column 'N' (lines 2, 3, 4, 5, 6 and 5 more): bad"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "bad"),
        ({"file": "a.csv"}, "a.csv: bad"),
        ({"rows": [3]}, "line 3: bad"),
        ({"column": "N", "remedy": "Mend it."}, "column 'N': bad. Mend it."),
    ],
)
def test_data_error_says_only_what_it_knows(fields, message):
    assert str(DataError("bad", **fields)) == message


def test_text_from_outside_cannot_break_the_line_or_the_terminal():
    message = str(DataError("bad", file="a\nb.csv", column="\x1b[31m" + "x" * 500))
    assert message.isprintable()
    assert len(message) < 120


def test_clip_survives_lone_surrogates_of_undecodable_file_names():
    assert clip("caf\udce9") == "caf\\udce9"


def test_an_error_crosses_process_boundaries():
    error = DataError("bad", file="a.csv", rows=[3], column="N", remedy="Mend it.")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert copy.rows == [3]
