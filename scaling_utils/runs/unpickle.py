"""Read the data frames of two published pickles without running anything they name.

A pickle is a program: it may call whatever it names. The two pickles of Porian et al. 2024 name fourteen
objects of NumPy, pandas and builtins. Here each of those names stands for an inert record that stores
its arguments and does nothing else; every other name, and every instruction that the two files do
not use, is refused. So loading neither calls pandas or NumPy nor allocates more than the file
holds, whatever the file says; the records are decoded, with checks, when a column is asked for.

Callers compare the sha256 of the file first; this module is the second line of defence.
"""

from __future__ import annotations

import io
import lzma
import pickle
import pickletools
import struct
from pathlib import Path
from typing import Any, cast

import numpy as np

from scaling_utils.errors import DataError, clip

MAX_BYTES = 32 * 2**20
"""Most bytes a pickle may have after decompression (the two files have 7.6 and 7.3 million)."""

_XZ_MEMORY = 128 * 2**20


class _Record:
    """What an admitted name becomes: the arguments of its call, and the state set on it."""

    __slots__ = ("args", "state")

    args: tuple[Any, ...]
    state: Any

    def __new__(cls, *args: Any) -> _Record:
        record = super().__new__(cls)
        record.args, record.state = args, None
        return record

    def __setstate__(self, state: Any) -> None:
        self.state = state


_NAMES = (
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("pandas._libs.internals", "_unpickle_block"),
    ("pandas.core.frame", "DataFrame"),
    ("pandas.core.indexes.base", "Index"),
    ("pandas.core.indexes.base", "_new_Index"),
    ("pandas.core.indexes.range", "RangeIndex"),
    ("pandas.core.internals.managers", "BlockManager"),
    ("pandas.core.internals.managers", "SingleBlockManager"),
    ("pandas.core.series", "Series"),
)

_RECORDS = {name: type(name, (_Record,), {"__slots__": ()}) for _, name in _NAMES}

ADMITTED: dict[tuple[str, str], type] = {
    ("builtins", "slice"): slice,
    **{(module, name): _RECORDS[name] for module, name in _NAMES},
}
"""The names that the two files hold, each with its stand-in (a slice is harmless as it is)."""

# Left out on purpose, because nothing in the files needs them: explicit memo positions (LONG_BINPUT
# can demand 64 GB), extension codes (they bypass find_class once cached), persistent ids, and the
# older ways to name or make objects (GLOBAL, INST, OBJ).
# fmt: off
_OPCODES = frozenset({
    "PROTO", "FRAME", "STOP",
    "MEMOIZE", "BINGET", "LONG_BINGET",
    "STACK_GLOBAL", "REDUCE", "NEWOBJ", "BUILD",
    "MARK", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
    "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS",
    "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "BINFLOAT",
    "SHORT_BINUNICODE", "SHORT_BINBYTES", "BYTEARRAY8",
})
# fmt: on

_WIDTHS = {ord(op.code): op.arg.n if op.arg else 0 for op in pickletools.opcodes if op.name in _OPCODES}
"""Bytes of the argument of each admitted instruction; negative if the argument starts with its length."""

_LENGTHS = {pickletools.TAKEN_FROM_ARGUMENT1: 1, pickletools.TAKEN_FROM_ARGUMENT8U: 8}
"""Bytes of such a length."""

_STOP = pickle.STOP[0]

_NUMBERS = {"f8": "<f8", "i8": "<i8"}

_MALFORMED = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type:
        # Dotted names ("DataFrame.eval") are looked up whole and so refused.
        try:
            return ADMITTED[module, name]
        except KeyError:
            named = clip(f"{module}.{name}")
            raise pickle.UnpicklingError(f"it names {named}, which is not admitted") from None


class PickledFrame:
    """A data frame read from a pickle: columns of plain values, decoded on demand.

    Cells are numbers, text, None, lists or dictionaries as the file holds them; a Series becomes
    an array, a nested data frame another `PickledFrame`.
    """

    def __init__(self, record: _Record, file: str) -> None:
        self._record, self._file = record, file

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order.

        Raises
        ------
        DataError
            If the file does not hold what a data frame needs.
        """
        try:
            return _blocks_and_names(self._record)[1]
        except _MALFORMED as error:
            raise _refusal(self._file, error) from error

    def column(self, name: str) -> list[Any]:
        """The cells of one column, one per row.

        Raises
        ------
        DataError
            If there is no such column, or its cells are not stored as the two files store them.
        """
        try:
            return [self._plain(cell) for cell in _cells(self._record, name)]
        except _MALFORMED as error:
            raise _refusal(self._file, error) from error

    def _plain(self, cell: Any) -> Any:
        if _is(cell, "scalar"):
            dtype, raw = cell.args
            (number,) = np.frombuffer(raw, dtype=_number_type(dtype)).tolist()
            return number
        if _is(cell, "Series"):
            (values,) = _expect(cell.state["_mgr"], "SingleBlockManager").state[1]
            return _array(values)
        return PickledFrame(cell, self._file) if _is(cell, "DataFrame") else cell


def read_pickled_frame(path: str | Path, *, max_bytes: int = MAX_BYTES) -> PickledFrame:
    """Read a data frame from an xz-compressed pickle that holds nothing but the admitted names.

    Parameters
    ----------
    path
        The ``.pickle.xz`` file.
    max_bytes
        Refuse a file that is larger than this after decompression.

    Returns
    -------
    PickledFrame
        The frame; columns are decoded when asked for.

    Raises
    ------
    DataError
        If the file is not such a pickle: damaged, too large, or naming anything else.

    Notes
    -----
    *Source*: the records are laid out as NumPy 1 and pandas 1.3 to 2 pickle their objects.

    Examples
    --------
    >>> import lzma, os, pickle, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "hostile.pickle.xz"
    >>> _ = path.write_bytes(lzma.compress(pickle.dumps(os.system)))
    >>> read_pickled_frame(path)
    Traceback (most recent call last):
    scaling_utils.errors.DataError: hostile.pickle.xz: refused: it names posix.system...
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            program = _decompress(file.read(max_bytes + 1), max_bytes)
        _check_opcodes(program)
        return PickledFrame(_expect(_Unpickler(io.BytesIO(program)).load(), "DataFrame"), path.name)
    except (*_MALFORMED, lzma.LZMAError) as error:
        raise _refusal(path.name, error) from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror or error})", file=path) from error


def _refusal(file: str, error: BaseException) -> DataError:
    stated = isinstance(error, pickle.UnpicklingError)
    reason = clip(str(error) if stated else f"it is damaged ({type(error).__name__}: {error})", 200)
    return DataError(
        f"refused: {reason}",
        file=file,
        remedy="Only the two published pickles of the registry can be read; fetch this one again",
    )


def _decompress(data: bytes, max_bytes: int) -> bytes:
    decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    program = decompressor.decompress(data, max_length=max_bytes + 1)
    if max(len(data), len(program)) > max_bytes:
        raise pickle.UnpicklingError(f"it has more than {max_bytes:,} bytes after decompression")
    if not decompressor.eof or decompressor.unused_data:
        raise pickle.UnpicklingError("it is not one whole xz stream")
    return program


def _check_opcodes(program: bytes) -> None:
    position = 0
    while position < len(program):
        code = program[position]
        if code not in _WIDTHS:
            raise pickle.UnpicklingError(f"it uses the instruction {_told(code)} at byte {position}")
        if code == _STOP:
            return
        width = _WIDTHS[code]
        position += 1
        if width < 0:
            size = _LENGTHS[width]
            position += size + int.from_bytes(program[position : position + size], "little")
        else:
            position += width
    raise EOFError("it ends within an instruction, or without the one that stops it")


def _told(code: int) -> str:
    return next((op.name for op in pickletools.opcodes if ord(op.code) == code), f"0x{code:02x}")


def _is(record: Any, name: str) -> bool:
    return type(record) is _RECORDS[name]


def _expect(record: Any, name: str) -> Any:
    if not _is(record, name):
        raise pickle.UnpicklingError(f"it has a {type(record).__name__} where a {name} belongs")
    return record


def _blocks_and_names(frame: _Record) -> tuple[list[_Record], list[str]]:
    blocks, (columns, _) = _expect(frame.state["_mgr"], "BlockManager").args
    _, parts = _expect(columns, "_new_Index").args
    names: list[str] = _array(parts["data"]).tolist()
    if any(type(name) is not str for name in names) or len(set(names)) != len(names):
        raise pickle.UnpicklingError("its columns are not named by distinct texts")
    return blocks, names


def _cells(frame: _Record, name: str) -> list[Any]:
    blocks, names = _blocks_and_names(frame)
    if name not in names:
        raise pickle.UnpicklingError(f"it has no column '{name}'")
    for block in blocks:
        values, placement, _ = _expect(block, "_unpickle_block").args
        where = np.arange(len(names))[placement if type(placement) is slice else _array(placement)]
        rows = _array(values)
        if rows.ndim != 2 or len(rows) != len(where):
            raise pickle.UnpicklingError("it has a block of values that does not fit its columns")
        for position, cells in zip(where, rows, strict=True):
            if names[position] == name:
                return cast("list[Any]", cells.tolist())
    raise pickle.UnpicklingError(f"its column '{name}' has no values")


def _array(record: Any) -> np.ndarray:
    if _is(record, "_frombuffer"):
        buffer, dtype, shape, order = record.args
        return np.frombuffer(buffer, dtype=_number_type(dtype)).reshape(shape, order=order)
    _, shape, dtype, fortran, items = _expect(record, "_reconstruct").state
    if _expect(dtype, "dtype").args[0] != "O8" or type(items) is not list:
        raise pickle.UnpicklingError("it has an array of neither numbers nor objects")
    # Filled one by one: NumPy would otherwise unfold items that are themselves sequences.
    array = np.empty(len(items), dtype=object)
    for position, item in enumerate(items):
        array[position] = item
    return array.reshape(shape, order="F" if fortran else "C")


def _number_type(dtype: Any) -> np.dtype[Any]:
    code = _expect(dtype, "dtype").args[0]
    if dtype.state is not None and dtype.state[1] != "<":
        raise pickle.UnpicklingError("it has numbers that are not little-endian")
    return np.dtype(_NUMBERS[code])
