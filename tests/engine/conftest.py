"""A stage for the tests of the engine: a database of their own, with a clock that stands still."""

from collections.abc import Callable, Iterator

import pytest
from tests.engine.stage import Stage, stage


@pytest.fixture
def still(database: Callable[[], str]) -> Iterator[Stage]:
    """Two engines on one database, no other test about."""
    with stage(database()) as opened:
        yield opened
