"""`lastseat check-history FILE`: the verdict for a person, for a program, and its exit code."""

import json
from pathlib import Path

from tests.checker.lies import lost
from tests.checker.story import story
from tests.cli.running import error_line, lastseat


def test_a_clean_history_ends_0(tmp_path: Path) -> None:
    path = story().save(tmp_path / "history.jsonl")
    result = lastseat("check-history", str(path))
    assert result.returncode == 0
    assert (
        result.stdout == "clean: every answer is what the journal says, and nothing is oversold\n"
    )
    assert result.stderr == "checked 24 operations, 19 entries, 0 faults\n"


def test_a_violated_one_ends_1_with_a_list(tmp_path: Path) -> None:
    path = story().save(tmp_path / "history.jsonl", lost)
    result = lastseat("check-history", str(path))
    assert result.returncode == 1
    what = "op 24 was told booked, seat 3 of yoga, for ida, and the journal has nothing of it"
    assert result.stdout == f"lost: t0: {what}\nviolated: 1 lost\n"


def test_programs_read_json(tmp_path: Path) -> None:
    path = story().save(tmp_path / "history.jsonl", lost)
    result = lastseat("check-history", "--json", str(path))
    assert result.returncode == 1
    verdict = json.loads(result.stdout)
    assert (verdict["clean"], verdict["operations"], verdict["counts"]) == (False, 24, {"lost": 1})
    (violation,) = verdict["violations"]
    assert violation["property"] == "lost"
    assert violation["operations"] == [24]


def test_what_is_no_history_ends_1(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text("Ann booked yoga.\n")
    result = lastseat("check-history", str(path))
    assert result.returncode == 1
    assert "not_understood: line 1 can't be read" in result.stdout
    missing = lastseat("check-history", str(tmp_path / "nothing.jsonl"))
    assert missing.returncode == 1
    assert "nothing.jsonl can't be read: No such file or directory" in error_line(missing)
