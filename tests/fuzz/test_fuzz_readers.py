"""Any input ends in a clear error or a valid table: no traceback, no hang, nothing written, bounded memory.

Short by default. SCALING_FUZZ=N tries N inputs for each reader, not the same ones each time.
"""

import gzip
import io
import os
import resource
import time

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaling_utils.errors import ScalingError
from scaling_utils.runs.readers import describe, read_runs
from tests.runs import samples

LONG = "SCALING_FUZZ" in os.environ
SECONDS = 10
MEMORY = 1 << 20  # KiB that one input may add to the peak
fuzz = settings(
    max_examples=int(os.environ.get("SCALING_FUZZ", "25")),
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def read_or_refuse(folder, name, content, **options):
    path = folder / name
    path.write_bytes(content)
    before = sorted(p.name for p in folder.iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    try:
        runs = read_runs(path, **options)
    except ScalingError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 4000
    else:
        numbers = runs.frame[["params", "loss"]].to_numpy()
        assert len(runs) > 0
        assert np.isfinite(numbers).all()
        assert (numbers > 0).all()
        assert describe(runs)
        assert repr(runs).isprintable()
    finally:
        assert time.process_time() - started < SECONDS
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < MEMORY
        assert sorted(p.name for p in folder.iterdir()) == before
        path.unlink()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


TEXTS = st.sampled_from(
    [
        *(
            "",
            " ",
            "nan",
            "NaN",
            "inf",
            "-inf",
            "-1",
            "0",
            "1e8",
            "2e9",
            "3.1",
            "3,1",
            "1e-320",
            "1e308",
            "1e999",
        ),
        *(
            "True",
            "null",
            "0x10",
            "１",
            "é",
            "\u202e",
            "\ufeff",
            "#",
            '"',
            '""',
            "'",
            "\r",
            "\r\n",
            "\n",
            "\t",
            ";",
        ),
        *(
            "<script>alert(1)</script>",
            "{eval-rst}",
            "$\\alpha$",
            "../../x",
            "a" * 10_000,
            "=cmd|'/c calc'!A0",
        ),
        *(
            "!!python/object/apply:os.system ['true']",
            "9" * 400,
            "N",
            "loss",
            "val_loss",
            "run_id",
            "_step",
            "budget",
        ),
        *(
            "run - loss",
            "run - loss__MIN",
            "run - loss__MAX",
            "Step",
            "log_history",
            "NaN,NaN",
            "\x85",
            "\u2028",
        ),
    ]
)
NUMBERS = st.one_of(
    st.floats(), st.integers(-10, 10**12), st.none(), st.booleans(), st.sampled_from([10**30, 1e-320])
)
NAMES = st.one_of(
    st.sampled_from(
        [
            "N",
            "params",
            "D",
            "tokens",
            "C",
            "flops",
            "loss",
            "eval_loss",
            "step",
            "_step",
            "run",
            "budget",
            "dataset",
        ]
    ),
    TEXTS,
)
BYTES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b", b"PAR1", b"\n", b"\r", b'"', b"{", b"[" * 999]
    ),
    TEXTS.map(str.encode),
)
DAMAGE = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), BYTES), min_size=1, max_size=5)


def damaged(data, damage):
    for place, length, piece in damage:
        at = int(place * len(data))
        data = data[:at] + piece + data[at + length :]
    return data


@pytest.mark.parametrize("name", samples.FILES)
@fuzz
@given(damage=DAMAGE, cut=st.floats(0, 1), zipped=st.booleans())
def test_damage_to_a_good_file(folder, name, damage, cut, zipped):
    content = damaged(samples.FILES[name], damage)
    if cut > 0.7:
        content = content[: int(len(content) * (cut - 0.5) * 2)]
    read_or_refuse(folder, name.removesuffix(".gz"), gzip.compress(content) if zipped else content)


@pytest.mark.parametrize(
    "head", [b"", b"PAR1", b"\x1f\x8b\x08", b"{", b"[", samples.events()[:40], b"N,D,loss\n"]
)
@fuzz
@given(data=st.binary(max_size=400))
def test_any_bytes(folder, head, data):
    read_or_refuse(folder, "file", head + data)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@fuzz
@given(
    names=st.lists(NAMES, min_size=2, max_size=8),
    rows=st.lists(st.lists(st.one_of(TEXTS, NUMBERS.map(str)), min_size=2, max_size=8), max_size=6),
    zipped=st.booleans(),
)
def test_any_grid(folder, delimiter, names, rows, zipped):
    text = "\n".join(delimiter.join(row) for row in [names, *(row[: len(names)] for row in rows)])
    content = text.encode()
    read_or_refuse(folder, "grid.csv", gzip.compress(content) if zipped else content)


JSON = st.recursive(
    st.one_of(NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)


@fuzz
@given(entries=st.lists(st.dictionaries(NAMES, JSON, max_size=8), max_size=6), kind=st.integers(0, 2))
def test_any_json(folder, entries, kind):
    import json

    if kind == 0:
        text = "".join(json.dumps(entry) + "\n" for entry in entries)
    elif kind == 1:
        text = json.dumps(entries)
    else:
        text = json.dumps({"log_history": entries, "total_flos": 1e18, "global_step": 30})
    read_or_refuse(folder, "any.json", text.encode())


@fuzz
@given(
    columns=st.dictionaries(
        NAMES,
        st.one_of(
            st.lists(st.one_of(st.floats(), st.none()), min_size=3, max_size=3),
            st.lists(st.integers(-5, 2**60), min_size=3, max_size=3),
            st.lists(st.one_of(TEXTS, st.none()), min_size=3, max_size=3),
            st.lists(st.booleans(), min_size=3, max_size=3),
            st.lists(st.binary(max_size=5), min_size=3, max_size=3),
            st.lists(st.lists(st.integers(0, 5), max_size=2), min_size=3, max_size=3),
            st.lists(st.datetimes(), min_size=3, max_size=3),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_parquet(folder, columns):
    buffer = io.BytesIO()
    pl.DataFrame(columns, strict=False).write_parquet(buffer)
    read_or_refuse(folder, "any.parquet", buffer.getvalue())


@fuzz
@given(records=st.lists(st.one_of(st.binary(max_size=80), st.just(samples.events()[60:100])), max_size=5))
def test_any_records_in_an_event_file(folder, records):
    content = samples.events()[:40] + b"".join(map(samples.framed, records))
    read_or_refuse(folder, "events.out.tfevents.1", content)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"N,D,loss\n" + b"1e8,1e9,3\n" * 3_000_000),
        gzip.compress(b"\n" * 50_000_000),
        gzip.compress(gzip.compress(bytes(50_000_000))),
        gzip.compress(b"{" * 30_000_000),
        gzip.compress(b'{"loss": 3}\n' * 3_000_000),
        b'{"a": ' * 500_000,
        b"N,D,loss," + b",".join(b"c%d" % i for i in range(9_000)) + b"\n" + b"1," * 9_002 + b"1\n",
        b"N,D,loss\n" + b'"' * 20_000_000,
    ],
    ids=["rows", "blanks", "twice", "braces", "objects", "deep", "wide", "quotes"],
)
@pytest.mark.slow
def test_bombs(folder, content):
    read_or_refuse(folder, "bomb", content)
