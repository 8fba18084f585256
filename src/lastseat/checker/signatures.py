"""What an operation looks like in the journal when no id tells: kind, target and actor."""

from lastseat.checker.history import Operation
from lastseat.checker.model import Command
from lastseat.checker.statuses import KIND_OF_TYPE

Signature = tuple[str, str, str]


def signatures(operation: Operation) -> set[Signature]:
    """What a command of this operation looks like in the journal, as far as it can be told."""
    asked = operation.asked
    args, kind = asked.args, asked.kind
    if kind == "join":
        return {(kind, args.actor or "", claim.bookable) for claim in args.claims[:1]}
    if kind in ("book", "hold"):
        return {("book", args.actor or "", claim.bookable) for claim in args.claims}
    if kind == "move_together":
        return {("move", move.booking_id, "") for move in args.moves}
    if kind == "change_capacity":
        return {(kind, args.bookable or "", str(args.capacity))}
    if kind.startswith("define_"):
        return {("define", args.bookable or "", "")}
    if kind == "append":
        return {("append", name, "") for name in args.facts or ()}
    found = {(kind, args.booking_id, "")} if args.booking_id is not None else set()
    if args.bookable is not None and args.actor is not None:
        found.add((kind, args.bookable, args.actor))
    return found


def signatures_of(command: Command) -> set[Signature]:
    """The same of what is in the journal."""
    refs = command.tenant.refs
    found: set[Signature] = set()
    for row in command.rows:
        if row.type == "booked":
            found.add(("book", refs.get(row.body.actor_id or "", ""), row.stream_id))
        elif row.type == "joined":
            found.add(("join", refs.get(row.body.actor_id or "", ""), row.stream_id))
        elif row.type == "capacity_changed":
            found.add(("change_capacity", row.stream_id, str(row.body.capacity)))
        elif row.type == "defined":
            found.add(("define", row.stream_id, ""))
        elif row.type == "fact":
            found.add(("append", row.stream_id, ""))
        elif row.type in KIND_OF_TYPE and row.booking_id is not None:
            found.add((KIND_OF_TYPE[row.type], row.booking_id, ""))
            first = command.tenant.leads.get((row.booking_id, 1))
            actor = first.rows[0].body.actor_id if first is not None else None
            if actor is not None and actor in refs:
                found.add((KIND_OF_TYPE[row.type], row.stream_id, refs[actor]))
    return found
