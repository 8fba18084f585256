"""A data directory of a test's own, for what the demonstration starts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.running import scratch


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """One that does not exist yet; its server is stopped at the end."""
    with scratch() as home:
        yield home / "data"
