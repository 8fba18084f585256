"""The table of roles, cell by cell, and what `permit` and `may_grant` make of it."""

import itertools
from pathlib import Path

import pytest
from tests.access.expected import ALL, OWN

from lastseat.access import ALLOWED, Action, Principal, Reach, Role, may_grant, permit
from lastseat.access import roles as module
from lastseat.access.page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "roles.md"


def principal(
    *roles: Role,
    scopes: set[Action] | None = None,
    actor: str | None = "ann",
    operator: bool = False,
) -> Principal:
    return Principal(
        tenant_id="studio",
        name="key:1",
        roles=frozenset(roles),
        scopes=None if scopes is None else frozenset(scopes),
        actor=actor,
        operator=operator,
    )


@pytest.mark.parametrize(("role", "action"), list(itertools.product(Role, Action)))
def test_each_cell_of_the_table(role: Role, action: Action) -> None:
    expected = (
        Reach.ALL if action in ALL[role] else Reach.OWN if action in OWN.get(role, ()) else None
    )
    assert ALLOWED[role].get(action) == expected
    assert permit(principal(role, operator=True), action) == expected


@pytest.mark.parametrize("role", list(Role))
def test_every_role_is_in_the_table(role: Role) -> None:
    assert ALLOWED[role], "a role that may do nothing is a mistake"


def spoilt(what: str) -> str:
    lines = module.TABLE.strip("\n").splitlines()
    match what:
        case "no row":
            del lines[5]
        case "row twice":
            lines.insert(5, lines[5])
        case "no cell":
            lines[5] = lines[5].rstrip().removesuffix("-").rstrip()
        case "cell too many":
            lines[5] += " all"
        case "no reach":
            lines[5] = lines[5].replace("all", "some", 1)
        case _:
            raise AssertionError(what)
    return "\n".join(lines)


@pytest.mark.parametrize("what", ["no row", "row twice", "no cell", "cell too many", "no reach"])
def test_a_table_with_a_hole_is_not_loaded(what: str) -> None:
    with pytest.raises(ValueError, match=r"row|argument|some"):
        module._read(spoilt(what))


def test_control_the_table_as_it_is_is_loaded() -> None:
    assert module._read(module.TABLE) == ALLOWED


def test_the_page_of_the_docs_is_the_table() -> None:
    hint = (
        "python -c \"from lastseat.access.page import page; print(page(), end='')\" > docs/roles.md"
    )
    assert PAGE.read_text() == page(), f"docs/roles.md is not the table; draw it with: {hint}"


def test_the_page_says_what_each_role_is_for() -> None:
    assert all(f"- **{role}**: " in page() for role in Role)


def test_the_widest_of_several_roles_counts() -> None:
    both = principal(Role.CUSTOMER, Role.HOST_ADMIN)
    assert permit(both, Action.BOOKINGS_CANCEL) is Reach.ALL
    assert permit(both, Action.BOOKINGS_BOOK) is Reach.OWN
    assert permit(both, Action.KEYS_MANAGE) is None


def test_scopes_narrow_and_never_widen() -> None:
    scopes = {Action.BOOKINGS_READ, Action.KEYS_MANAGE}
    staff = principal(Role.STAFF, scopes=scopes)
    allowed = {action for action in Action if permit(staff, action) is not None}
    assert allowed == {Action.BOOKINGS_READ}
    nothing = principal(Role.OWNER, scopes=set())
    assert [action for action in Action if permit(nothing, action) is not None] == []


def test_without_an_actor_nothing_is_ones_own() -> None:
    nobody = principal(Role.CUSTOMER, actor=None)
    assert permit(nobody, Action.BOOKINGS_BOOK) is None
    assert permit(nobody, Action.SEATS_READ) is Reach.ALL


def test_nobody_without_a_role_may_do_anything() -> None:
    assert [action for action in Action if permit(principal(), action) is not None] == []


def test_only_an_owner_of_the_operators_tenant_makes_tenants() -> None:
    assert permit(principal(Role.OWNER), Action.TENANTS_CREATE) is None
    assert permit(principal(Role.OWNER, operator=True), Action.TENANTS_CREATE) is Reach.ALL
    assert permit(principal(Role.MANAGER, operator=True), Action.TENANTS_CREATE) is None


@pytest.mark.parametrize(
    ("giver", "roles", "scopes", "may"),
    [
        (principal(Role.OWNER), [Role.OWNER], None, True),
        (principal(Role.OWNER), [Role.GUEST], None, True),
        (principal(Role.OWNER), [Role.CUSTOMER], None, True),
        # A key that may do nothing but give out keys must not give out an owner's.
        (principal(Role.OWNER, scopes={Action.KEYS_MANAGE}), [Role.OWNER], None, False),
        (
            principal(Role.OWNER, scopes={Action.KEYS_MANAGE}),
            [Role.OWNER],
            [Action.KEYS_MANAGE],
            True,
        ),
        (principal(Role.MANAGER), [Role.OWNER], None, False),
        (principal(Role.MANAGER), [Role.STAFF], None, True),
        # One's own is less than everybody's.
        (principal(Role.CUSTOMER), [Role.CUSTOMER], None, False),
        (principal(Role.MANAGER), [Role.OWNER], [Action.KEYS_READ], True),
    ],
)
def test_nobody_gives_more_than_they_have(
    giver: Principal, roles: list[Role], scopes: list[Action] | None, may: bool
) -> None:
    assert may_grant(giver, roles, scopes) is may
