"""The short form of the proof: the engine as it is comes out clean, and a few bugs do not.

All of them, and ten clean runs, are `make planted`. No bug has a test of its own here or there: the
run and the checker are those of every day.
"""

import pytest
from tests.torture.hunt import hunt

CLEAN_SECONDS = 8
BUGGY_SECONDS = 5
"""Before anything is killed: these bugs take no more than a crowd."""


def test_the_engine_as_it_is_comes_out_clean() -> None:
    found = hunt(None, seconds=CLEAN_SECONDS, engines=2)
    assert found.counts == {}, found.first
    assert found.clean
    assert found.exit_code == 0
    assert found.operations > 500, "so few prove little"


@pytest.mark.parametrize("plant", ["a_move_frees_first", "a_batch_answers_the_wrong_caller"])
def test_a_planted_bug_is_caught(plant: str) -> None:
    found = hunt(plant, seconds=BUGGY_SECONDS, engines=2)
    assert not found.clean
    assert found.exit_code != 0, "the run tells, too"
    assert found.operations > 200
