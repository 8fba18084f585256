"""Who may do what: one table of roles and actions. Pure: no keys, no tokens, no HTTP.

An action is one thing that a route does. For each role the table says how far the action reaches:
`all` of the tenant, the caller's `own` bookings alone, or `-`, not at all. What is not understood
is not allowed. The reasons, role by role (ids are MISSION's):

- **owner**: everything in the tenant. Making tenants (`tenants.create`) needs the owner of a tenant
  that is marked as the operator's as well; `permit` sees to that.
- **manager**: runs the venue: definitions, capacities, overrides with a reason (D3), late check-in
  (C4), forgetting a person (H5). Not who else may: tenants, keys and people are read only, so that
  nobody can raise themselves.
- **staff**: the day's work on bookings (C1, C3) and manual appointments (D3). What bends a rule,
  an override or a late check-in, is not theirs, nor is what changes what can be booked.
- **host_admin**: of a restricted facility (C11, C12): sees what is booked there, and why, and may
  cancel it. Books nothing.
- **security_officer**: keeps the door (C13): sees who is expected, checks in and out.
- **government_clearance**: the optional last link of the approval chain (C12): sees bookings.
- **customer**: their own bookings (I2): a customer who books is the actor, and another's booking
  is one that does not exist. What can be booked, and what is left of it, is no secret to them. In
  an agenda, and live, they see what takes place and when something is taken, never by whom.
- **feed**: another system that shows what there is (G1): no person is in what it reads.
- **guest**: whoever holds a publishable key (D5): may reserve, commit and extend, book services and
  wait for a slot of one, as somebody nameless. A reservation's id is known to nobody but who made
  it, so for a guest it is the proof that it is theirs.
"""

from enum import StrEnum


class Role(StrEnum):
    """What somebody is in a tenant. One can be several; then the widest counts."""

    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    HOST_ADMIN = "host_admin"
    SECURITY_OFFICER = "security_officer"
    GOVERNMENT_CLEARANCE = "government_clearance"
    CUSTOMER = "customer"
    FEED = "feed"
    GUEST = "guest"


class Action(StrEnum):
    """One thing that a route does. Also what a key's scopes are made of."""

    TENANTS_CREATE = "tenants.create"
    TENANTS_READ = "tenants.read"
    TENANTS_UPDATE = "tenants.update"
    KEYS_READ = "keys.read"
    KEYS_MANAGE = "keys.manage"
    PEOPLE_READ = "people.read"
    PEOPLE_MANAGE = "people.manage"
    LOCATIONS_READ = "locations.read"
    LOCATIONS_WRITE = "locations.write"
    BOOKABLES_READ = "bookables.read"
    BOOKABLES_DEFINE = "bookables.define"
    BOOKABLES_CAPACITY = "bookables.capacity"
    BOOKABLES_OVERRIDE_CAPACITY = "bookables.override_capacity"
    EVENTS_EDIT = "events.edit"
    RULES_READ = "rules.read"
    RULES_WRITE = "rules.write"
    SERVICES_READ = "services.read"
    SERVICES_WRITE = "services.write"
    SERVICES_BOOK = "services.book"
    AVAILABILITY_READ = "availability.read"
    AGENDA_READ = "agenda.read"
    LIVE_READ = "live.read"
    CALENDARS_READ = "calendars.read"
    CALENDARS_IMPORT = "calendars.import"
    CALENDARS_EXPORT = "calendars.export"
    FEEDS_MANAGE = "feeds.manage"
    WEBHOOKS_READ = "webhooks.read"
    WEBHOOKS_MANAGE = "webhooks.manage"
    BOOKINGS_LIST = "bookings.list"
    BOOKINGS_READ = "bookings.read"
    BOOKINGS_BOOK = "bookings.book"
    BOOKINGS_HOLD = "bookings.hold"
    BOOKINGS_CONFIRM = "bookings.confirm"
    BOOKINGS_RELEASE = "bookings.release"
    BOOKINGS_CANCEL = "bookings.cancel"
    BOOKINGS_EXTEND = "bookings.extend"
    BOOKINGS_MOVE = "bookings.move"
    BOOKINGS_UPDATE = "bookings.update"
    BOOKINGS_CHECK_IN = "bookings.check_in"
    BOOKINGS_CHECK_IN_LATE = "bookings.check_in_late"
    BOOKINGS_CHECK_OUT = "bookings.check_out"
    BOOKINGS_COMPLETE = "bookings.complete"
    BOOKINGS_NO_SHOW = "bookings.no_show"
    BOOKINGS_EXPIRE = "bookings.expire"
    BOOKINGS_OVERRIDE = "bookings.override"
    BOOKINGS_AUDIT = "bookings.audit"
    WAITLIST_JOIN = "waitlist.join"
    WAITLIST_READ = "waitlist.read"
    ROSTER_READ = "roster.read"
    SEATS_READ = "seats.read"
    JOURNAL_READ = "journal.read"
    FACTS_APPEND = "facts.append"
    RESERVATIONS_RESERVE = "reservations.reserve"
    RESERVATIONS_COMMIT = "reservations.commit"
    RESERVATIONS_EXTEND = "reservations.extend"
    RESERVATIONS_READ = "reservations.read"
    RESERVATIONS_METRICS = "reservations.metrics"
    ACTORS_FORGET = "actors.forget"


class Reach(StrEnum):
    """How far an allowed action goes: all of the tenant, or the caller's own bookings."""

    ALL = "all"
    OWN = "own"


TABLE = """
                             owner manager staff host  security government customer feed  guest
                                                 admin officer  clearance
tenants.create               all   -       -     -     -        -          -        -     -
tenants.read                 all   all     all   all   all      -          -        -     -
tenants.update               all   -       -     -     -        -          -        -     -
keys.read                    all   all     -     -     -        -          -        -     -
keys.manage                  all   -       -     -     -        -          -        -     -
people.read                  all   all     -     -     -        -          -        -     -
people.manage                all   -       -     -     -        -          -        -     -
locations.read               all   all     all   all   all      -          all      -     -
locations.write              all   all     -     -     -        -          -        -     -
bookables.read               all   all     all   all   all      -          all      all   all
bookables.define             all   all     -     -     -        -          -        -     -
bookables.capacity           all   all     -     -     -        -          -        -     -
bookables.override_capacity  all   all     -     -     -        -          -        -     -
events.edit                  all   all     -     -     -        -          -        -     -
rules.read                   all   all     all   all   all      -          -        -     -
rules.write                  all   all     -     -     -        -          -        -     -
services.read                all   all     all   all   all      -          all      -     all
services.write               all   all     -     -     -        -          -        -     -
services.book                all   all     all   -     -        -          own      -     all
availability.read            all   all     all   all   all      -          all      all   all
agenda.read                  all   all     all   all   all      -          all      all   all
live.read                    all   all     all   all   all      -          all      all   all
calendars.read               all   all     all   -     -        -          -        -     -
calendars.import             all   all     -     -     -        -          -        -     -
calendars.export             all   all     all   all   all      -          own      -     -
feeds.manage                 all   all     -     -     -        -          -        -     -
webhooks.read                all   all     -     -     -        -          -        -     -
webhooks.manage              all   all     -     -     -        -          -        -     -
bookings.list                all   all     all   all   all      all        own      -     -
bookings.read                all   all     all   all   all      all        own      -     -
bookings.book                all   all     all   -     -        -          own      -     -
bookings.hold                all   all     all   -     -        -          own      -     -
bookings.confirm             all   all     all   -     -        -          own      -     -
bookings.release             all   all     all   -     -        -          own      -     -
bookings.cancel              all   all     all   all   -        -          own      -     -
bookings.extend              all   all     all   -     -        -          own      -     -
bookings.move                all   all     all   -     -        -          own      -     -
bookings.update              all   all     all   -     -        -          own      -     -
bookings.check_in            all   all     all   -     all      -          -        -     -
bookings.check_in_late       all   all     -     -     -        -          -        -     -
bookings.check_out           all   all     all   -     all      -          -        -     -
bookings.complete            all   all     all   -     -        -          -        -     -
bookings.no_show             all   all     all   -     -        -          -        -     -
bookings.expire              all   all     all   -     -        -          -        -     -
bookings.override            all   all     -     -     -        -          -        -     -
bookings.audit               all   all     all   all   all      -          own      -     -
waitlist.join                all   all     all   -     -        -          own      -     all
waitlist.read                all   all     all   all   all      -          -        -     -
roster.read                  all   all     all   all   all      -          -        -     -
seats.read                   all   all     all   all   all      -          all      all   all
journal.read                 all   all     all   all   all      -          -        -     -
facts.append                 all   all     -     -     -        -          -        -     -
reservations.reserve         all   all     all   -     -        -          own      -     all
reservations.commit          all   all     all   -     -        -          own      -     all
reservations.extend          all   all     all   -     -        -          own      -     all
reservations.read            all   all     all   all   all      -          own      -     all
reservations.metrics         all   all     all   -     -        -          -        -     -
actors.forget                all   all     -     -     -        -          -        -     -
"""


def _read(table: str) -> dict[Role, dict[Action, Reach]]:
    """The table as a mapping. Raises for a missing row, a row twice, a missing cell."""
    rows = [line.split() for line in table.strip().splitlines()[2:]]
    if [row[0] for row in rows] != list(Action):
        raise ValueError("the table of roles needs one row for each action, in their order")
    allowed: dict[Role, dict[Action, Reach]] = {role: {} for role in Role}
    for name, *cells in rows:
        for role, cell in zip(Role, cells, strict=True):
            if cell != "-":
                allowed[role][Action(name)] = Reach(cell)
    return allowed


ALLOWED: dict[Role, dict[Action, Reach]] = _read(TABLE)
"""How far each role's actions reach. An action that is not there is not allowed."""
