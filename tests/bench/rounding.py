"""A benchmark's figures are rounded when they are told, ratios of slow machines as well."""

from typing import Any

import pytest


def rounded(value: float | list[float]) -> Any:
    """Equal to what is told of this value."""
    return pytest.approx(value, rel=0.01, abs=0.002)
