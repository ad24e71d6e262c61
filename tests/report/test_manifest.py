"""A rerun says what it was made from, however it was asked for."""

import json

from scaling_utils.report.folder import MANIFEST
from scaling_utils.report.manifest import entry, write_manifest
from scaling_utils.report.runs import read_given


def test_options_that_change_the_runs_are_told(tmp_path):
    rows = "run_id,size,tokens,loss\na,70,1.4e9,5\nb,400,8e9,4\nbad,400,8e9,nan\n"
    (tmp_path / "mine.csv").write_text(rows)
    given = read_given(
        [str(tmp_path / "mine.csv")],
        columns={"size": "params"},
        units={"params": 1e6},
        conventions={"loss_unit": "bits/token"},
        exclude=iter(["bad"]),
    )
    done = entry("03-isoflop-profiles", serves=True, why="five", parameters={"window": 6.0}, failure="cell 4")
    write_manifest(tmp_path, given, [done])
    told = json.loads((tmp_path / MANIFEST).read_text())
    assert told["source"] == "mine.csv" and len(told["sha256"]) == 64
    assert told["conventions"]["loss_unit"] == "nats/token" and told["converted_from"] == "bits/token"
    assert told["columns"]["params"] == "size"
    assert (told["units"], told["excluded"]) == ({"params": 1e6}, ["bad"])
    (notebook,) = told["notebooks"]
    assert (notebook["state"], notebook["why"]) == ("failed", "cell 4")
    assert notebook["parameters"] == {"window": 6.0}
