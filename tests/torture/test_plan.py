"""A seed is a plan: what each client wants, and what is done when, is the same each time."""

from collections import Counter
from itertools import islice

from lastseat.engine.faults import POINTS
from lastseat.torture import plan
from lastseat.torture.faults import FAULTS


def first(seed: int, client: int, number: int = 500) -> list[plan.Intent]:
    return [*islice(plan.intents(seed, client), number)]


def test_a_seed_reproduces_what_each_client_wants() -> None:
    assert first(7, 3) == first(7, 3)
    assert first(7, 3) != first(8, 3)
    assert first(7, 3) != first(7, 4)


def test_a_seed_reproduces_the_faults() -> None:
    assert plan.faults(7, 60) == plan.faults(7, 60)
    assert plan.faults(7, 60) != plan.faults(8, 60)


def test_every_kind_of_command_and_of_sending_comes_up() -> None:
    wanted = [intent for client in range(8) for intent in first(1, client)]
    assert {intent.kind for intent in wanted} >= {
        "book",
        "hold",
        "join",
        "confirm",
        "release",
        "cancel",
        "extend",
        "move",
        "move_together",
        "change_capacity",
        "check_in",
        "expire",
        "transaction",
    }
    assert {intent.send for intent in wanted} == {"once", *plan.SENDING}
    assert {intent.keyed for intent in wanted} == {True, False}
    assert any(intent.args.get("override") for intent in wanted)
    transactions = [intent for intent in wanted if intent.kind == "transaction"]
    assert {intent.rolled_back for intent in transactions} == {True, False}
    assert all(intent.parts for intent in transactions)


def test_forty_seconds_have_every_fault_and_every_crash_point() -> None:
    planned = plan.faults(7, 40)
    assert {fault.kind for fault in planned} == set(plan.HURTING)
    crashes = {
        (fault.detail["point"], fault.detail["action"])
        for fault in planned
        if fault.kind == "crash_point"
    }
    assert crashes == {(point, action) for point in POINTS for action in ("kill", "raise")}
    assert all(plan.QUIET_SECONDS <= fault.at < 40 - 3 for fault in planned)


def test_twenty_minutes_have_a_hundred_kills() -> None:
    kinds = Counter(fault.kind for fault in plan.faults(1, 1200))
    assert kinds["kill_engine"] + kinds["kill_backend"] + kinds["kill_postmaster"] >= 100
    assert min(kinds[kind] for kind in plan.HURTING) >= 10


def test_only_the_faults_that_were_asked_for_are_planned() -> None:
    planned = plan.faults(3, 40, ["kill_engine", "cut_answers"])
    assert {fault.kind for fault in planned} == {"kill_engine", "cut_answers"}
    assert plan.faults(3, 40, []) == []


def test_every_fault_of_the_plan_can_be_done() -> None:
    assert set(FAULTS) == set(plan.HURTING)
