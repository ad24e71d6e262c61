import copyreg
import lzma
import os
import pickle
import struct
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest

from scaling_utils.errors import DataError
from scaling_utils.runs.unpickle import ADMITTED, read_pickled_frame


@pytest.fixture
def pickled(tmp_path):
    """A function that writes a pickle program, compressed, and gives its path."""

    def write(program):
        path = tmp_path / "frame.pickle.xz"
        path.write_bytes(lzma.compress(program))
        return path

    return write


class Call:
    """Pickles as a call of `function` with `args`."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def text(value):
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def named(module, name):
    """Instructions that push the object of that name."""
    return text(module) + text(name) + b"\x93"


def program(*instructions):
    return b"\x80\x05" + b"".join(instructions) + b"."


def frame_program(column, values):
    """A data frame of one column, written the way NumPy 1 and pandas 1 or 2 do.

    `values` are the instructions that push its block of values.
    """
    o8 = named("numpy", "dtype") + text("O8") + b"\x89\x88\x87R"
    names = (
        named("numpy.core.multiarray", "_reconstruct")
        + named("numpy", "ndarray")
        + b"K\x00\x85C\x01b\x87R"
        + (b"(K\x01K\x01\x85" + o8 + b"\x89]" + text(column) + b"at" + b"b")
    )
    index = named("pandas.core.indexes.base", "_new_Index")
    columns = index + named("pandas.core.indexes.base", "Index") + b"}" + text("data") + names + b"s\x86R"
    rows = index + named("pandas.core.indexes.range", "RangeIndex") + b"}\x86R"
    placement = named("builtins", "slice") + b"K\x00K\x01K\x01\x87R"
    block = named("pandas._libs.internals", "_unpickle_block") + values + placement + b"K\x02\x87R"
    manager = (
        named("pandas.core.internals.managers", "BlockManager")
        + (block + b"\x85")
        + (b"]" + columns + b"a" + rows + b"a")
        + b"\x86R"
    )
    return program(named("pandas.core.frame", "DataFrame"), b")\x81}", text("_mgr"), manager, b"sb")


def numbers(data, shape=(1, 2), *, code="f8"):
    """Instructions that push an array of numbers."""
    return (
        named("numpy.core.numeric", "_frombuffer")
        + (b"(\x96" + struct.pack("<Q", len(data)) + data)
        + (named("numpy", "dtype") + text(code) + b"\x89\x88\x87R")
        + (b"(" + b"".join(b"J" + struct.pack("<i", n) for n in shape) + b"t")
        + (text("C") + b"tR")
    )


def test_a_frame_is_read_as_plain_values(pickled):
    path = pickled(frame_program("loss", numbers(struct.pack("<2d", 3.5, 2.25))))
    frame = read_pickled_frame(path)
    assert frame.columns == ["loss"]
    assert frame.column("loss") == [3.5, 2.25]


def test_neither_pandas_nor_numpy_code_is_admitted():
    assert len(ADMITTED) == 14
    assert {kind for kind in ADMITTED.values() if kind.__module__ != "scaling_utils.runs.unpickle"} == {slice}


class TestHostile:
    @pytest.mark.parametrize(
        ("function", "args"),
        [
            (os.system, ("touch {marker}",)),
            (eval, ("open({marker!r}, 'w')",)),
            (exec, ("open({marker!r}, 'w')",)),
            (open, ("{marker}", "w")),
            (getattr, (pd.DataFrame, "to_pickle")),
            (np.load, ("{marker}",)),
            (np.ndarray.tofile, (np.zeros(1), "{marker}")),
            (pd.read_pickle, ("{marker}",)),
            (pd.eval, ("1 + 1",)),
            (__import__, ("os",)),
        ],
        ids=lambda value: getattr(value, "__qualname__", ""),
    )
    @pytest.mark.parametrize("protocol", [2, 5])
    def test_calls_are_refused_and_have_no_effect(self, pickled, tmp_path, function, args, protocol):
        marker = tmp_path / "marker"
        args = tuple(a.format(marker=str(marker)) if isinstance(a, str) else a for a in args)
        path = pickled(pickle.dumps(Call(function, *args), protocol=protocol))
        with pytest.raises(DataError, match=r"frame\.pickle\.xz: refused: it (names|uses)"):
            read_pickled_frame(path)
        assert not marker.exists()

    @pytest.mark.parametrize(
        ("module", "name"),
        [
            ("pandas.core.frame", "DataFrame.eval"),
            ("pandas.core.frame", "DataFrame.query"),
            ("pandas.core.frame", "DataFrame.to_pickle"),
            ("numpy", "ndarray.tofile"),
            ("numpy", "ndarray.__class__"),
            ("builtins", "slice.__reduce__"),
            ("builtins", "getattr"),
            ("numpy", "load"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("pandas.core.frame", "read_pickle"),
            ("pandas", "DataFrame"),
            ("", ""),
        ],
    )
    def test_only_the_exact_names_are_admitted(self, pickled, module, name):
        with pytest.raises(DataError, match="is not admitted"):
            read_pickled_frame(pickled(program(named(module, name))))

    def test_an_admitted_name_runs_nothing(self, pickled, monkeypatch):
        monkeypatch.setattr(pd.DataFrame, "__init__", lambda *_: pytest.fail("pandas ran"))
        with pytest.raises(DataError, match="refused"):
            read_pickled_frame(
                pickled(program(named("pandas.core.frame", "DataFrame"), b"}\x85R")),
            ).column("loss")

    @pytest.mark.parametrize("names", sorted(ADMITTED), ids="-".join)
    def test_state_set_on_a_name_changes_nothing(self, pickled, names):
        before = {key: dict(vars(kind)) for key, kind in ADMITTED.items()}
        state = b"N}" + text("__doc__") + text("changed") + b"s\x86b"
        with pytest.raises(DataError, match="refused"):
            read_pickled_frame(pickled(program(named(*names), state)))
        assert {key: dict(vars(kind)) for key, kind in ADMITTED.items()} == before

    @pytest.mark.parametrize(
        ("instruction", "name"),
        [
            (b"cos\nsystem\n", "GLOBAL"),
            (b"\x82\xf0", "EXT1"),
            (b"\x83\xf0\x00", "EXT2"),
            (b"\x84\xf0\x00\x00\x00", "EXT4"),
            (b"Pid\n", "PERSID"),
            (b"NQ", "BINPERSID"),
            (b"(ios\nsystem\n", "INST"),
            (b"(No", "OBJ"),
            (b"Nr\x00\x00\x10\x00", "LONG_BINPUT"),
            (b"N}\x92", "NEWOBJ_EX"),
        ],
    )
    def test_instructions_that_the_files_do_not_use(self, pickled, instruction, name):
        with pytest.raises(DataError, match=f"refused: it uses the instruction {name} at byte"):
            read_pickled_frame(pickled(program(instruction)))

    def test_an_extension_code_that_others_have_cached(self, pickled):
        code = 0xF1
        copyreg.add_extension("posix", "system", code)
        try:
            assert pickle.loads(pickle.dumps(os.system, protocol=2)) is os.system
            path = pickled(program(b"\x82", bytes([code]), text("true"), b"\x85R"))
            with pytest.raises(DataError, match="EXT1"):
                read_pickled_frame(path)
        finally:
            copyreg.remove_extension("posix", "system", code)

    def test_more_bytes_than_allowed(self, pickled):
        path = pickled(b"\x80\x05" + b"N0" * 500_000 + b"N.")
        with pytest.raises(DataError, match="more than 100,000 bytes after decompression"):
            read_pickled_frame(path, max_bytes=100_000)

    def test_a_decompression_bomb_costs_no_more_than_the_limit(self, tmp_path):
        path = tmp_path / "bomb.pickle.xz"
        path.write_bytes(lzma.compress(bytes(200 * 2**20), preset=0))
        tracemalloc.start()
        with pytest.raises(DataError, match="after decompression"):
            read_pickled_frame(path, max_bytes=2**20)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 30 * 2**20

    @pytest.mark.parametrize("size", [2**40, 2**62, 2**64 - 1])
    def test_a_length_beyond_the_file(self, pickled, size):
        with pytest.raises(DataError, match="refused: it is damaged"):
            read_pickled_frame(pickled(program(b"\x96", struct.pack("<Q", size), b"few")))

    @pytest.mark.parametrize(
        "block",
        [
            pytest.param(numbers(bytes(16), (1, 2**31 - 1)), id="long"),
            pytest.param(numbers(bytes(16), (2**31 - 1, 2**31 - 1)), id="huge"),
            pytest.param(numbers(bytes(15)), id="odd"),
            pytest.param(numbers(bytes(16), (2, 1)), id="two-columns"),
            pytest.param(numbers(bytes(16), code="O8"), id="objects-from-bytes"),
            pytest.param(numbers(bytes(16), code="V2147483647"), id="giant-items"),
            pytest.param(b"N", id="none"),
            pytest.param(b"K\x01", id="number"),
            pytest.param(text("no array"), id="text"),
        ],
    )
    def test_arrays_that_do_not_hold_what_they_state(self, pickled, block):
        frame = read_pickled_frame(pickled(frame_program("loss", block)))
        with pytest.raises(DataError, match="refused"):
            frame.column("loss")

    def test_a_list_that_holds_itself(self, pickled):
        with pytest.raises(DataError, match="refused"):
            read_pickled_frame(pickled(program(b"]\x94h\x00a")))

    @pytest.mark.parametrize("content", [b"", b"no xz", lzma.compress(b""), lzma.compress(b"x")])
    def test_files_that_are_no_pickle(self, tmp_path, content):
        path = tmp_path / "frame.pickle.xz"
        path.write_bytes(content)
        with pytest.raises(DataError, match="refused"):
            read_pickled_frame(path)

    def test_every_truncation_and_many_flipped_bytes(self, tmp_path):
        whole = frame_program("loss", numbers(struct.pack("<2d", 3.5, 2.25)))
        path = tmp_path / "frame.pickle.xz"
        rng = np.random.default_rng(0)
        damaged = [whole[:end] for end in range(len(whole))]
        for _ in range(500):
            copy = bytearray(whole)
            copy[rng.integers(len(copy))] = rng.integers(256)
            damaged.append(bytes(copy))
        refused = 0
        for content in damaged:
            path.write_bytes(lzma.compress(content, preset=0))
            try:
                frame = read_pickled_frame(path)
                [frame.column(name) for name in frame.columns]
            except DataError:
                refused += 1
        assert refused >= len(whole)

    def test_a_truncated_or_continued_xz_stream(self, tmp_path):
        packed = lzma.compress(frame_program("loss", numbers(bytes(16))))
        path = tmp_path / "frame.pickle.xz"
        for content in (packed[:-20], packed + packed):
            path.write_bytes(content)
            with pytest.raises(DataError, match="not one whole xz stream"):
                read_pickled_frame(path)

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_pickled_frame(tmp_path / "absent.pickle.xz")

    def test_a_missing_column(self, pickled):
        frame = read_pickled_frame(pickled(frame_program("loss", numbers(bytes(16)))))
        with pytest.raises(DataError, match="no column 'tokens'"):
            frame.column("tokens")


@pytest.mark.public_data
@pytest.mark.parametrize("dataset_id", ["porian-refinedweb", "porian-openwebtext2"])
def test_the_published_files(public_file, dataset_id):
    path = public_file(dataset_id)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = read_pickled_frame(path)
        assert frame.column("hparams") == ["base"] * 4 + ["tuned"]
        tuned = frame.column("data")[4]
        assert tuned.column("flops") == [1.25e16 * 2**i for i in range(12)]
        assert all(array.dtype == np.float64 for array in tuned.column("orig_n"))
        assert all(isinstance(n, int) for n in tuned.column("opt_ind"))
