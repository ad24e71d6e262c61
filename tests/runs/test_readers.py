import gzip
import hashlib
import itertools
import os
import time
import tracemalloc
from pathlib import Path

import pandas as pd
import pytest

from scaling_utils.conventions import Conventions
from scaling_utils.errors import DataError
from scaling_utils.runs import describe, read_runs
from scaling_utils.runs import gather as gather_module
from scaling_utils.runs import rawtext as rawtext_module
from scaling_utils.runs import scan as scan_module
from scaling_utils.runs.rawtext import BLOCK, MAX_LINE

HEADER = "run_id,params,tokens,loss\n"
GOOD = HEADER + "a,7e7,1.4e9,3.4\nb,4e8,8e9,2.9\n"


@pytest.fixture
def write(tmp_path):
    def make(content, name="runs.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        read_runs(path, **options)
    return str(caught.value)


class TestGoodFiles:
    @pytest.mark.parametrize(
        "content",
        [
            GOOD,
            GOOD.replace(",", ";"),
            GOOD.replace(",", "\t"),
            GOOD.replace(",", ", "),
            GOOD.replace("\n", "\r\n"),
            GOOD.replace("\n", "\r"),
            GOOD.rstrip("\n"),
            GOOD.encode("utf-8-sig"),
            "\n\n" + GOOD.replace("\n", "\n\n") + ",,,\n",
            GOOD.replace("\n", ",\n"),
            "".join(f"{i},{line}\n" for i, line in zip(["", 0, 1], GOOD.split("\n"), strict=False)),
            '"run_id","params","tokens","loss"\n"a","7e7","1.4e9","3.4"\n"b",4e8,8e9,2.9\n',
            gzip.compress(GOOD.encode()),
            gzip.compress(HEADER.encode()) + gzip.compress(GOOD.removeprefix(HEADER).encode()),
        ],
        ids=itertools.count(),
    )
    def test_one_table_in_many_spellings(self, write, content):
        path = write(content)
        runs = read_runs(path)
        assert runs.frame["run_id"].tolist() == ["a", "b"]
        assert runs.frame[["params", "tokens", "loss"]].to_numpy().tolist() == [
            [7e7, 1.4e9, 3.4],
            [4e8, 8e9, 2.9],
        ]
        assert list(runs.frame) == ["run_id", "params", "tokens", "flops", "loss"]
        assert runs.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert runs.source == "runs.csv"

    def test_own_columns_are_numbers_where_all_cells_are(self, write):
        path = write("N,D,loss,seed,note,self\n1e8,1e9,3,1,007,x\n2e8,2e9,3,,n/a,y\n")
        frame = read_runs(path).frame
        assert frame["seed"].iloc[0] == 1.0
        assert frame["note"].iloc[0] == 7.0
        assert frame["self"].tolist() == ["x", "y"]

    def test_run_names_stay_text(self, write):
        frame = read_runs(write("run,N,D,loss\n007,1e8,1e9,3\nNA,2e8,2e9,3\n")).frame
        assert frame["run_id"].tolist() == ["007", "NA"]

    def test_the_delimiter_is_the_one_that_names_known_columns(self, write):
        path = write("N;D;loss;note (a, b, c, d, e)\n1e8;1e9;3;x\n")
        assert read_runs(path).frame["note (a, b, c, d, e)"].tolist() == ["x"]

    def test_columns_and_conventions_of_the_user(self, write):
        path = write("size_nonemb,D,loss\n1e8,1e9,3\n")
        conventions = Conventions(param_count="non-embedding")
        runs = read_runs(path, columns={"size_nonemb": "params"}, conventions=conventions)
        assert runs.conventions == conventions
        assert runs.spelling["params"] == "size_nonemb"

    def test_pandas_writes_what_we_read(self, write, tmp_path):
        frame = read_runs(write(GOOD)).frame
        frame.to_csv(tmp_path / "again.csv.gz")
        pd.testing.assert_frame_equal(read_runs(tmp_path / "again.csv.gz").frame, frame)


BAD = [
    ("", "the file is empty"),
    ("\n \n", "the file is empty"),
    ("\ufeff", "the file is empty"),
    (",,\n,,\n", "only empty cells"),
    (HEADER, "no rows"),
    ("N,D\n1e8,1e9\n", "no column for 'loss' (also understood: L, val_loss"),
    ("N,tokns,loss\n1e8,1e9,3\n", "If 'tokns' holds the token counts, rename it to 'tokens'"),
    (GOOD + "c,abc,1e9,3\n", "column 'params' (line 4): parameter counts must be numbers, not 'abc'"),
    (GOOD + "c,,1e9,3\n", "column 'params' (line 4): parameter counts must be given"),
    (GOOD + "c,1e8,NaN,3\n", "column 'tokens' (line 4): token counts must be given"),
    (GOOD + "c,1e8,0,3\n", "column 'tokens' (line 4): token counts must be positive, not 0"),
    (GOOD + "c,1e8,1e9,-3\n", "column 'loss' (line 4): losses must be positive, not -3"),
    (GOOD + "c,1e8,inf,3\n", "column 'tokens' (line 4): token counts must be finite, not inf"),
    (GOOD + "c,1e999,1e9,3\n", "column 'params' (line 4): parameter counts must be finite"),
    (GOOD + "a,7e7,1.4e9,3.3\n", "column 'tokens' (lines 2, 4): run 'a' has more than one row"),
    ("run,step,N,D,loss\na,5,1e8,1e9,3\na,5,1e8,2e9,3\n", "column 'step' (lines 2, 3): run 'a'"),
    ("N,D,loss,loss\n1e8,1e9,3,4\n", "used more than once: 'loss'"),
    ("N,D,val_loss,test_loss\n1e8,1e9,3,4\n", "2 columns could be 'loss'"),
    (GOOD.replace(",", "|"), "separated by '|'"),
    (GOOD.replace(",", " "), "separated by spaces"),
    (HEADER + "a;7e7;1.4e9;3.4\n", "line 2: 1 cell where the header names 4 columns"),
    (HEADER + "a;7e7;1.4e9;3.4\n", "seem to be separated by semicolon"),
    (GOOD.replace(",", ";").replace(".", ","), "a decimal point: 1234.5"),
    (HEADER + "a,7e7,1,4e9,3,4\n", "Do numbers hold commas?"),
    (HEADER + 'a,"70,000,000",1e9,3\n', "Write no thousands separators"),
    (HEADER + "a,70 000 000,1e9,3\n", "without spaces, underscores"),
    (HEADER + "a,70_000_000,1e9,3\n", "without spaces, underscores"),
    (HEADER + "a,70M,1e9,3\n", "1.5e9, not 1.5B"),
    (GOOD + "c,1e8,1e9\n", "line 4: 3 cells"),
    ("N,D,loss\n# a note\n1e8,1e9,3\n", "Comment lines belong above the column names"),
    ("# only\n#comments\n", "only empty cells"),
    ("N,,D,loss\n1e8,5,1e9,3\n", "column 2 has no name"),
    (HEADER + '"a,1e8,1e9,3\n', "line 2: the row cannot be split"),
    (HEADER + '"a"b,1e8,1e9,3\n', "line 2: the row cannot be split"),
    (HEADER + '"' + "x" * 200_000 + '",1e8,1e9,3\n', "line 2: the row cannot be split"),
    ("N,D,loss" + "," * 20_000 + "\n", "columns"),
    ("\n\n" + HEADER + '\n"two\nlines",1e8,1e9,3\n\nc,x,1e9,3\n', "(line 8)"),
    (GOOD.encode("utf-16"), "UTF-16"),
    (GOOD.encode("utf-16-le"), "UTF-16"),
    (GOOD.encode("utf-16-be"), "UTF-16"),
    (GOOD.encode("utf-32"), "UTF-16 or UTF-32"),
    ((GOOD + "café,1e8,1e9,3\n").encode("latin-1"), "line 4: the text is not UTF-8 (byte 0xe9)"),
    (GOOD + "c\0,1e8,1e9,3\n", "line 4: this is not text"),
    (b"PK\x03\x04" + bytes(range(256)), "Excel"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "this is not text"),
    ('{"N": 1e8}\n', "no column for 'tokens'"),
    ("<!DOCTYPE html>\n", "HTML"),
    (gzip.compress(gzip.compress(GOOD.encode())), "gzip more than once"),
    (gzip.compress(GOOD.encode())[:-6], "damaged or cut short"),
    (gzip.compress(GOOD.encode()) + b"junk", "damaged or cut short"),
    ("N,D,loss\n7e7,1.4,3\n4e8,8,2.9\n", "Were they given in billions"),
]


class TestBadFiles:
    @pytest.mark.parametrize(("content", "expected"), BAD, ids=itertools.count())
    def test_one_message_names_file_place_and_remedy(self, write, content, expected):
        message = refusal(write(content))
        assert expected in message
        assert "runs.csv: " in message
        assert message.isprintable()
        assert len(message) < 1000

    def test_a_flipped_byte_inside_gzip(self, write):
        data = bytearray(gzip.compress(GOOD.encode() * 50))
        data[len(data) // 2] ^= 0xFF
        assert "damaged" in refusal(write(bytes(data)))

    def test_a_name_that_promises_gzip(self, write):
        assert "this is not gzip" in refusal(write(GOOD, "runs.csv.gz"))

    def test_what_is_no_file(self, tmp_path):
        assert "no such file" in refusal(tmp_path / "none.csv")
        assert "the folder holds no" in refusal(tmp_path)
        assert "cannot be read" in refusal("a\0b.csv")
        assert "cannot be read" in refusal("x" * 5000)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_a_pipe_does_not_hang(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.csv")
        assert "not a regular file" in refusal(tmp_path / "pipe.csv")

    def test_an_unreadable_file(self, write, monkeypatch):
        def deny(*_, **__):
            raise PermissionError(13, "Permission denied")

        path = write(GOOD)
        monkeypatch.setattr(Path, "open", deny)
        assert "cannot be read (Permission denied)" in refusal(path)


class TestBounds:
    def test_an_endless_line_is_refused_after_a_mebibyte(self):
        guard = rawtext_module._Guard("runs.csv")
        guard.checked(b"N,D,loss\n")
        taken = itertools.count()
        with pytest.raises(DataError, match=r"runs\.csv: line 2: this line is longer than 1,048,576 bytes"):
            while next(taken) <= MAX_LINE // BLOCK + 2:
                guard.checked(b"x" * BLOCK)

    def test_a_line_of_two_gigabytes(self, write):
        path = write(GOOD)
        os.truncate(path, 2 << 30)
        started = time.monotonic()
        assert "line 4: this is not text" in refusal(path)
        assert time.monotonic() - started < 5

    def test_a_long_line_inside_gzip_takes_little_memory(self, write):
        path = write(gzip.compress(HEADER.encode() + b"x" * (64 << 20), compresslevel=1), "runs.csv.gz")
        tracemalloc.start()
        try:
            assert "line 2: this line is longer" in refusal(path)
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()

    def test_a_line_of_a_mebibyte_across_blocks_is_not_too_long(self):
        line = b"x" * (MAX_LINE - 1) + b"\n"
        guard = rawtext_module._Guard("runs.csv")
        for i in range(0, 2 * len(line), BLOCK):
            guard.checked((line * 2)[i : i + BLOCK])
        assert guard.taken == 2 * len(line)

    def test_gzip_that_expands_without_end(self, write):
        path = write(gzip.compress(HEADER.encode() + b"\n" * (1 << 25), compresslevel=9), "runs.csv.gz")
        started = time.process_time()
        assert "expand without end" in refusal(path)
        assert time.process_time() - started < 5

    def test_characters_and_line_ends_across_blocks(self, write, monkeypatch):
        monkeypatch.setattr(rawtext_module, "BLOCK", 3)
        text = "run_id,params,tokens,loss\r\n" + "".join(f"é{i},{i}e8,1e9,3\r\n" for i in range(1, 9))
        assert read_runs(write(text)).frame["run_id"].tolist() == [f"é{i}" for i in range(1, 9)]
        message = refusal(write((text + "ö,1e8,1e9,3\r\n").encode("utf-8").replace(b"\xb6", b"")))
        assert "line 10: the text is not UTF-8 (byte 0xc3)" in message

    def test_a_table_that_is_too_large(self, write, monkeypatch):
        path = write(GOOD * 1000)
        monkeypatch.setattr(rawtext_module, "MAX_BYTES", 1 << 15)
        assert "the table is larger than" in refusal(path)

    def test_a_table_of_too_many_cells(self, write, monkeypatch):
        monkeypatch.setattr(gather_module, "MAX_CELLS", 7)
        assert "does not fit into memory" in refusal(write(GOOD))


class TestChunks:
    """A file is the same table however it is cut into chunks."""

    ROWS = tuple(
        (f"r{i // 7}", 10 * (i % 7 + 1), 1e8 + i // 7, 1e9 * (i % 7 + 1), 3.5 - i / 100) for i in range(70)
    )

    def text(self, **change):
        rows = [["run", "step", "N", "D", "loss", "seed", "note"]]
        rows += [[*map(str, row), str(i % 3), ""] for i, row in enumerate(self.ROWS)]
        for place, cell in change.items():
            row, column = map(int, place.removeprefix("at").split("_"))
            rows[row][column] = cell
        return "".join(",".join(row) + "\n" for row in rows)

    @pytest.mark.parametrize("size", [40, 100, 1000, 1 << 20])
    @pytest.mark.parametrize(
        "change",
        [{}, {"at50_5": "007x"}, {"at1_5": "x"}, {"at60_6": '"two\nlines, and ""quotes"""'}, {"at9_6": "5"}],
    )
    def test_the_same_table(self, write, monkeypatch, size, change):
        path = write(self.text(**change))
        whole = read_runs(path).frame
        monkeypatch.setattr(scan_module, "CHUNK", size)
        monkeypatch.setattr(rawtext_module, "BLOCK", 33)
        pd.testing.assert_frame_equal(read_runs(path).frame, whole)

    @pytest.mark.parametrize("size", [40, 1000, 1 << 20])
    def test_the_same_place_of_an_error(self, write, monkeypatch, size):
        monkeypatch.setattr(scan_module, "CHUNK", size)
        monkeypatch.setattr(rawtext_module, "BLOCK", 33)
        assert "column 'N' (line 61)" in refusal(write(self.text(at60_2="many")))
        assert "line 61: 8 cells" in refusal(write(self.text(at60_2="1,5")))
        text = self.text(at30_6='"two\nlines"', at60_4="-1")
        assert "column 'loss' (line 62)" in refusal(write(text))

    @pytest.mark.parametrize("size", [40, 1000, 1 << 20])
    def test_comments_of_many_chunks(self, write, monkeypatch, size):
        monkeypatch.setattr(scan_module, "CHUNK", size)
        monkeypatch.setattr(rawtext_module, "BLOCK", 33)
        comments = "# a line of comments\n" * 300
        assert len(read_runs(write(comments + self.text())).frame) == len(read_runs(write(self.text())).frame)
        assert "column 'N' (line 361)" in refusal(write(comments + self.text(at60_2="many")))

    def test_text_after_numbers_stays_as_written(self, write, monkeypatch):
        monkeypatch.setattr(scan_module, "CHUNK", 100)
        monkeypatch.setattr(rawtext_module, "BLOCK", 33)
        notes = {f"at{i}_6": "007" for i in range(1, 70)}
        assert read_runs(write(self.text(**notes, at70_6="end"))).frame["note"].tolist()[-2:] == [
            "007",
            "end",
        ]


def test_describe_says_how_the_file_was_understood(write):
    text = "run,step,N,tokens,val_loss,seed\n" + "".join(
        f"r{n:.0e},{s},{n},{s * 6e17 / (6 * n):.8g},{5 - s / 2:g},1\n"
        for n in (1e8, 2e8, 4e8)
        for s in (0, 1, 2)
    )
    lines = dict(describe(read_runs(write(text))))
    assert lines["rows"] == "6"
    assert lines["runs"] == "3"
    assert lines["left out"] == "3 at step 0 (untrained)"
    assert lines["params"] == "1e+08 to 4e+08 parameters, from column 'N'"
    assert lines["flops"] == "6e+17 to 1.2e+18 FLOPs, filled in by C = 6 N D"
    assert lines["loss"] == "4 to 4.5 nats/token, from column 'val_loss'"
    assert lines["own columns"] == "'seed'"
    assert lines["budgets"] == "1, found from the FLOPs: 1.2e+18 FLOPs (3 runs)"
    assert lines["conventions"] == "C by 6ND, N total, loss in nats/token"
