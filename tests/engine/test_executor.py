"""What the executor does when things go wrong, played step by step without a database."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest
from tests.engine.script import HEAD, NOW, ROWS, TENANT, Script, book, micros

from lastseat.core import commands as c
from lastseat.core import outcomes as o
from lastseat.core.events import Kind
from lastseat.engine.errors import CommandFailed, DatabaseUnavailable, OutcomeUnknown
from lastseat.engine.executor import ATTEMPTS, LOSSES, execute, execute_nested
from lastseat.engine.ids import new_id
from lastseat.engine.requests import (
    DEFERRED,
    Answer,
    Deferred,
    Failed,
    Result,
    Rows,
    Ticket,
)
from lastseat.ledger.errors import ConnectionLost, LockTimeout, Rejected, Retryable

LOST = ConnectionLost("server closed the connection unexpectedly")
AWAY = DatabaseUnavailable("the database can't be reached")
DEADLOCK = Retryable("deadlock detected")
TIMEOUT = LockTimeout("canceling statement due to lock timeout")


def played(script: Script, *tickets: Ticket, wait: bool = False) -> list[Result]:
    return script.play(execute(TENANT, tickets, wait=wait))


def codes(results: Sequence[Result]) -> list[object]:
    """An answer's code, a failure's exception, or that it was deferred."""
    found: list[object] = []
    for result in results:
        match result:
            case Answer():
                found.append(result.outcome.code)
            case Failed():
                found.append(type(result.error))
            case Deferred():
                found.append("deferred")
    return found


def command_id(ticket: Ticket) -> str:
    return ticket.command.command_id


# When all goes well -------------------------------------------------------------------------------


def test_a_booking_takes_three_round_trips() -> None:
    script = Script()
    assert codes(played(script, book("ann"))) == ["booked"]
    assert len(script.story) == 3
    sent = [name for names in script.story for name in names]
    assert sent.index("begin") < sent.index("configure") < sent.index("lock_free_heads")
    assert sent[-1] == "commit"


def test_rules_cost_occurrences_nothing_and_what_is_claimed_for_a_time_one_statement() -> None:
    script = Script()
    played(script, book("ann"))
    assert script.times("read_rules") == 0
    lane = ("lane", "resource", 1, 0, 0, 1, micros(NOW), *[None] * 4, *HEAD[11:])
    rows = {"find_definitions": [("lane", "resource", "allow", None, None, None)]}
    script = Script(rows={**rows, "lock_free_heads": [lane]})
    claim = c.Claim(bookable="lane", start=NOW, end=NOW + timedelta(hours=1))
    command = msgspec.structs.replace(book("ann").command, claims=(claim,))
    assert codes(played(script, Ticket(command))) == ["booked"]
    assert len(script.story) == 3
    locked = [names for names in script.story if "lock_free_heads" in names]
    (sent,) = locked
    assert sent.index("lock_free_heads") < sent.index("clock") < sent.index("read_rules")


def test_a_crowd_takes_three_round_trips_too() -> None:
    script = Script()
    results = played(script, *(book(f"actor {i}") for i in range(25)))
    assert codes(results) == ["booked"] * 20 + ["full"] * 5
    assert script.times("append") == script.times("commit") == 1
    seats = [x.outcome.seat for x in results if isinstance(x, Answer) and x.outcome.ok]  # type: ignore[union-attr]
    assert seats == list(range(1, 21))


def test_a_large_crowd_is_written_in_parts_while_the_rest_is_decided() -> None:
    script = Script(rows={"lock_free_heads": [(*HEAD[:2], 1_000, *HEAD[3:])]})
    results = played(script, *(book(f"actor {i}") for i in range(200)))
    assert codes(results) == ["booked"] * 200
    parts = [names for names in script.story if "append" in names]
    assert [names[-1] == "commit" for names in parts] == [False, False, True]
    writes = [x for request in script.asked for x in getattr(request, "statements", ())]
    seqs = [
        msgspec.json.decode(f"[{x.params['j_seq'][1:-1]}]") for x in writes if x.name == "append"
    ]
    # The database begins early, and then gets more each time.
    assert [len(part) for part in seqs] == [32, 64, 104]
    # Gapless, each once, after the definition's.
    assert [seq for part in seqs for seq in part] == list(range(2, 202))
    heads = [x.params["h_bookable"] for x in writes if x.name == "append"]
    assert heads == ["{}", "{}", '{"yoga"}'], "dead versions of a head are dear"


def test_a_part_that_is_refused_fails_its_own_command_only() -> None:
    script = Script(
        rows={"lock_free_heads": [(*HEAD[:2], 1_000, *HEAD[3:])]},
        refused={"actor 7 ": Rejected("23514: refused")},
    )
    results = played(script, *(book(f"actor {i} ") for i in range(200)))
    assert codes(results) == ["booked"] * 7 + [CommandFailed] + ["booked"] * 192


def test_a_newcomer_of_one_part_is_no_newcomer_to_the_next() -> None:
    rows: dict[str, Rows] = {
        "find_definitions": [*ROWS["find_definitions"], ("gala", *ROWS["find_definitions"][0][1:])],
        "lock_free_heads": [
            (*HEAD[:2], 1_000, *HEAD[3:]),
            ("gala", HEAD[1], 1, 0, 1, *HEAD[5:]),
        ],
    }
    script = Script(rows=rows)
    crowd = [book(f"actor {i}") for i in range(100)]
    results = played(script, *crowd, book("actor 0", "gala"))
    # Full, and not asked about again as one who may have come at the same moment.
    assert codes(results) == ["booked"] * 100 + ["full"]
    assert script.times("find_actors") == 1
    assert script.times("add_actors") == 3
    added = [
        x.params["refs"]
        for request in script.asked
        for x in getattr(request, "statements", ())
        if x.name == "add_actors"
    ]
    assert sum(refs.count('"actor 0"') for refs in added) == 1


def test_what_decides_is_read_after_the_locks_and_in_other_statements() -> None:
    """A count in the locking statement would be older than the lock, and oversell."""
    script = Script()
    played(script, book("ann"), wait=True)
    (locked,) = (names for names in script.story if "lock_heads" in names)
    assert locked.index("lock_heads") < locked.index("clock") < locked.index("read_bookings")


def test_refusals_alone_write_nothing() -> None:
    full = (*HEAD[:2], 1, 0, 1, *HEAD[5:])
    script = Script(rows={"lock_free_heads": [full]})
    assert codes(played(script, book("ann"), book("ben"))) == ["full", "full"]
    assert script.times("append") == 0


def test_a_refusal_under_a_key_is_kept_for_whoever_asks_again() -> None:
    full = (*HEAD[:2], 1, 0, 1, *HEAD[5:])
    script = Script(rows={"lock_free_heads": [full]})
    assert codes(played(script, book("ann", key="tap"))) == ["full"]
    assert (script.times("save_keys"), script.times("append")) == (1, 0)


def test_one_key_twice_in_a_batch_is_one_booking_and_two_answers() -> None:
    first, again = book("ann", key="tap"), book("ann", key="tap")
    results = played(Script(), first, again)
    assert isinstance(first.command, c.Book)
    assert [x.replayed for x in results if isinstance(x, Answer)] == [False, True]
    assert {x.outcome.booking_id for x in results if isinstance(x, Answer)} == {  # type: ignore[union-attr]
        first.command.booking_id
    }


# Locks --------------------------------------------------------------------------------------------


def test_the_fast_lane_defers_what_is_busy_and_does_the_rest() -> None:
    other = ("pilates", *HEAD[1:])
    definitions = [*ROWS["find_definitions"], ("pilates", *ROWS["find_definitions"][0][1:])]
    script = Script(rows={"lock_free_heads": [other], "find_definitions": definitions})
    results = played(script, book("ann", "yoga"), book("ben", "pilates"), book("cy", "yoga"))
    assert codes(results) == ["deferred", "booked", "deferred"]


def test_a_seat_that_appears_between_two_reads_of_a_busy_head_is_no_failure() -> None:
    """Only what is held stands still: of the rest, two statements may see two moments."""
    rows: dict[str, Rows] = {
        "find_actors": [("ann", new_id())],
        "lock_free_heads": [],
        "read_places": [(new_id(), 1, 5)],
    }
    assert played(Script(rows=rows), book("ann")) == [DEFERRED]


def test_a_batch_that_waited_in_vain_lets_through_whoever_can_go() -> None:
    script = Script(("lock_heads", TIMEOUT))
    assert codes(played(script, book("ann"), book("ben"), wait=True)) == ["booked", "booked"]
    assert script.times("lock_free_heads") == 1


def test_a_lone_command_that_waited_in_vain_is_deferred() -> None:
    script = Script(("lock_heads", TIMEOUT))
    assert played(script, book("ann"), wait=True) == [DEFERRED]
    assert script.story[-1] == ["rollback"]


def test_what_has_to_be_made_is_left_to_the_waiting_lane() -> None:
    define = c.Define(
        tenant_id=TENANT, command_id=new_id(), bookable="room", kind=Kind.RESOURCE, capacity=1
    )
    script = Script(rows={"find_definitions": []})
    assert played(script, Ticket(define)) == [DEFERRED]
    assert (script.times("create_heads"), script.times("append")) == (0, 0)


def test_a_command_that_names_what_another_defines_comes_in_a_transaction_of_its_own() -> None:
    define = c.Define(
        tenant_id=TENANT, command_id=new_id(), bookable="room", kind=Kind.RESOURCE, capacity=1
    )
    unborn = ("room", "unborn", 0, 0, 0, 0, *[None] * 5, *HEAD[11:])
    script = Script(rows={"lock_heads": [unborn]})
    steps = execute(TENANT, [book("ann"), Ticket(define), book("ben", "room")], wait=True)
    script.play(steps)
    assert script.times("begin") == 2


# Lost races ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["lock_free_heads", "append", "commit"])
def test_a_lost_race_is_run_again_after_a_longer_and_longer_pause(where: str) -> None:
    script = Script((where, DEADLOCK), (where, DEADLOCK))
    assert codes(played(script, book("ann"), book("ben"))) == ["booked", "booked"]
    assert script.times("begin") == 3
    assert script.times("rollback") == 2
    assert len(script.pauses) == 2
    assert 0 < script.pauses[0] < script.pauses[1]


def test_races_are_lost_a_bounded_number_of_times() -> None:
    script = Script(*[("append", DEADLOCK)] * ATTEMPTS)
    assert codes(played(script, book("ann"))) == [CommandFailed]
    assert script.times("append") == ATTEMPTS
    assert sum(script.pauses) < 2


# Poisoned commands --------------------------------------------------------------------------------


def test_one_poisoned_command_does_not_sink_the_others() -> None:
    script = Script(refused={"ben": Rejected("22P05: unsupported Unicode escape sequence")})
    results = played(script, *(book(actor) for actor in ("ann", "ben", "cy", "dee", "eve")))
    assert codes(results) == ["booked", CommandFailed, "booked", "booked", "booked"]


def test_a_poisoned_command_says_what_the_database_said() -> None:
    script = Script(refused={"ben": Rejected("53100: disk full")})
    (result,) = played(script, book("ben"))
    assert isinstance(result, Failed)
    assert str(result.error) == "Book: 53100: disk full"
    assert script.story[-1] == ["rollback"]


def test_a_bug_in_one_decision_does_not_sink_the_others() -> None:
    """A head that the core can't make sense of: an occurrence without a time."""
    odd = ("odd", *HEAD[1:7], None, None, *HEAD[9:])
    definitions = [*ROWS["find_definitions"], ("odd", "occurrence", "allow", None, None, None)]
    script = Script(rows={"lock_free_heads": [HEAD, odd], "find_definitions": definitions})
    results = played(script, book("ann"), book("ben", "odd"), book("cy"))
    assert codes(results) == ["booked", CommandFailed, "booked"]


# Lost connections ---------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["find_definitions", "lock_free_heads"])
def test_a_connection_lost_before_anything_is_written_is_replaced(where: str) -> None:
    script = Script((where, LOST))
    assert codes(played(script, book("ann"))) == ["booked"]
    assert script.times("reconnect") == 1
    assert script.times("find_entry") == 0


def test_after_a_commit_that_took_effect_the_answer_is_given_and_nothing_done_twice() -> None:
    ticket = book("ann")
    script = Script(("commit", LOST), rows={"find_entry": [(command_id(ticket),)]})
    assert codes(played(script, ticket)) == ["booked"]
    assert script.times("append") == 1


def test_after_a_commit_that_did_not_the_batch_goes_again() -> None:
    script = Script(("commit", LOST))
    assert codes(played(script, book("ann"))) == ["booked"]
    assert script.times("append") == 2


def test_a_row_that_somebody_else_wrote_there_is_no_answer() -> None:
    script = Script(("commit", LOST), rows={"find_entry": [(new_id(),)]})
    assert codes(played(script, book("ann"))) == ["booked"]
    assert script.times("append") == 2


def test_the_journal_is_asked_only_under_the_locks() -> None:
    """The old transaction may be committing still: without the locks it could not be seen."""
    script = Script(("commit", LOST))
    played(script, book("ann"))
    asked = next(i for i, names in enumerate(script.story) if "find_entry" in names)
    assert "lock_heads" in script.story[asked - 1]
    assert "find_entry" not in script.story[asked - 1]


def test_an_old_transaction_that_still_holds_the_locks_is_waited_for() -> None:
    ticket = book("ann")
    script = Script(
        ("commit", LOST),
        ("lock_heads", TIMEOUT),
        ("lock_heads", TIMEOUT),
        rows={"find_entry": [(command_id(ticket),)]},
    )
    assert codes(played(script, ticket)) == ["booked"]
    assert script.times("append") == 1
    assert len(script.pauses) == 2


@pytest.mark.parametrize("asked", ["lock_heads", "find_entry", "rollback"])
def test_a_question_that_the_database_refuses_is_asked_again(asked: str) -> None:
    """A timeout of the server's says nothing of what became of the commit."""
    ticket = book("ann")
    script = Script(
        ("commit", LOST), (asked, Rejected("57014")), rows={"find_entry": [(command_id(ticket),)]}
    )
    assert codes(played(script, ticket)) == ["booked"]
    assert script.times("append") == 1


def test_a_connection_whose_rollback_was_refused_is_replaced() -> None:
    script = Script(("lock_free_heads", DEADLOCK), ("rollback", Rejected("57014")))
    assert codes(played(script, book("ann"))) == ["booked"]
    rolled_back = script.story.index(["rollback"])
    assert script.story[rolled_back + 1] == ["reconnect"]


def test_refusals_whose_commit_was_lost_are_found_by_their_key() -> None:
    full = (*HEAD[:2], 1, 0, 1, *HEAD[5:])
    ticket = book("ann", key="tap")
    owner = [(command_id(ticket),)]
    script = Script(("save_keys", LOST), rows={"lock_free_heads": [full], "find_key_owner": owner})
    assert codes(played(script, ticket)) == ["full"]
    assert script.times("save_keys") == 1


def test_an_unreachable_database_before_the_commit_means_nothing_was_done() -> None:
    script = Script(("lock_free_heads", LOST), ("reconnect", AWAY))
    assert codes(played(script, book("ann"), book("ben"))) == [DatabaseUnavailable] * 2


def test_an_unreachable_database_during_the_commit_means_nobody_knows() -> None:
    script = Script(("commit", LOST), ("reconnect", AWAY))
    assert codes(played(script, book("ann"), book("ben"))) == [OutcomeUnknown] * 2


def test_it_stays_unknown_when_the_connection_breaks_again_while_it_is_looked_up() -> None:
    script = Script(
        ("commit", LOST),
        ("lock_heads", TIMEOUT),
        ("rollback", LOST),
        ("reconnect", AWAY),
        ("reconnect", AWAY),
    )
    assert codes(played(script, book("ann"))) == [OutcomeUnknown]


def test_a_half_that_was_committed_is_answered_though_the_database_went_away_after_it() -> None:
    script = Script(
        ("append", Rejected("a bug")),
        ("rollback", None),
        ("rollback", LOST),
        ("reconnect", AWAY),
        ("find_definitions", AWAY),
        refused={"ben": DEADLOCK},
    )
    assert codes(played(script, book("ann"), book("ben"))) == ["booked", DatabaseUnavailable]


def test_a_command_that_breaks_every_connection_is_given_up() -> None:
    script = Script(*[("lock_free_heads", LOST)] * 100)
    assert codes(played(script, book("ann"))) == [DatabaseUnavailable]
    assert script.times("reconnect") <= ATTEMPTS


def test_a_command_whose_commit_breaks_every_connection_is_given_up() -> None:
    script = Script(*[("commit", LOST), ("find_entry", None)] * 100)
    assert codes(played(script, book("ann"))) == [DatabaseUnavailable]
    assert script.times("append") == LOSSES


def test_one_command_that_breaks_every_connection_does_not_sink_the_others() -> None:
    script = Script(refused={"ben": LOST})
    results = played(script, *(book(actor) for actor in ("ann", "ben", "cy")))
    assert codes(results) == ["booked", DatabaseUnavailable, "booked"]


def test_a_commit_that_can_not_be_looked_up_stays_unknown() -> None:
    script = Script(("commit", LOST), *[("lock_heads", LOST)] * 100)
    assert codes(played(script, book("ann"))) == [OutcomeUnknown]
    assert script.times("append") == 1


# In a caller's transaction ------------------------------------------------------------------------


def nested(script: Script, *tickets: Ticket) -> list[Result]:
    return script.play(execute_nested(TENANT, tickets, "1s"))


def test_in_a_callers_transaction_nothing_is_begun_committed_or_rolled_back() -> None:
    script = Script(rows={"read_settings": [("lock_timeout", "0")]})
    assert codes(nested(script, book("ann"), book("ben"))) == ["booked", "booked"]
    sent = {name for names in script.story for name in names}
    assert sent.isdisjoint({"begin", "commit", "rollback", "nothing_to_flush"})
    assert script.story[0] == ["read_settings", "savepoint"]
    assert script.story[-1][-2:] == ["restore_settings", "release_savepoint"]


@pytest.mark.parametrize("error", [DEADLOCK, TIMEOUT, Rejected("23505")])
def test_there_nothing_is_tried_again_and_its_own_writes_are_undone(error: Exception) -> None:
    script = Script(("append", error), rows={"read_settings": [("lock_timeout", "0")]})
    with pytest.raises(type(error)):
        nested(script, book("ann"))
    assert script.times("append") == 1
    assert script.story[-2:] == [["rollback_to_savepoint"], ["release_savepoint"]]


def test_there_a_lost_connection_is_simply_told() -> None:
    script = Script(("append", LOST), rows={"read_settings": [("lock_timeout", "0")]})
    with pytest.raises(ConnectionLost):
        nested(script, book("ann"))
    assert "append" in script.story[-1]


def test_outcomes_are_those_of_the_core() -> None:
    (result,) = played(Script(), book("ann"))
    assert isinstance(result, Answer)
    assert isinstance(result.outcome, o.Booked)
    assert (result.outcome.actor, result.outcome.seat, result.outcome.units) == ("ann", 1, 1)
