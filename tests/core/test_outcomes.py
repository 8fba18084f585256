"""Outcomes: stored answers come back as they were given, and `Code` lists them all, in order."""

from typing import get_args

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import settings
from hypothesis import strategies as st
from tests.core.given import between
from tests.core.values import values

from lastseat.core import outcomes as o

OUTCOMES: tuple[type[o.AnyOutcome], ...] = get_args(o.AnyOutcome)


def code_of(cls: type[o.AnyOutcome]) -> o.Code:
    return o.Code(str(cls.__struct_config__.tag))


@pytest.mark.parametrize("cls", OUTCOMES)
@settings(max_examples=40, deadline=None)
@hypothesis_given(data=st.data())
def test_a_stored_answer_is_read_as_it_was_given(
    cls: type[o.AnyOutcome], data: st.DataObject
) -> None:
    outcome = data.draw(values(cls))
    assert o.decode(o.encode(outcome)) == outcome
    assert outcome.code is code_of(cls)
    assert outcome.ok is issubclass(cls, o.Success)


def test_code_lists_every_outcome_once_in_the_order_of_the_union() -> None:
    assert [code_of(cls) for cls in OUTCOMES] == list(o.Code)


def test_successes_come_first_then_the_refusals() -> None:
    kinds = [issubclass(cls, o.Success) for cls in OUTCOMES]
    assert kinds == sorted(kinds, reverse=True)
    assert all(issubclass(cls, o.Refusal) for cls in OUTCOMES if not issubclass(cls, o.Success))


def test_zero_seats_left_are_said_not_left_out() -> None:
    """`omit_defaults` drops what equals a default: no number a caller needs may have one of 0."""
    full = o.Full(actor="ann", bookable="show", capacity=2, left=0, during=between(0, 60))
    assert '"left":0' in o.encode(full)
    gone = o.Conflict(rule="expected_seq", bookable="show", actual=0)
    assert '"actual":0' in o.encode(gone)
