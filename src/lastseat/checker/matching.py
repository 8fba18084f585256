"""Which operation each command of the journal is: properties 3, 4 and 7, as far as done or not.

By the command's id where the client drew it, by the idempotency key, by what was answered; what is
left is compared by its content. A command that no operation explains is a violation, but for the
engine's own: holds that ran out, offers to who waits, occurrences opened.
"""

from bisect import bisect_left
from itertools import accumulate
from math import inf

from lastseat.checker import told
from lastseat.checker.history import History, Operation
from lastseat.checker.lines import KeyRow
from lastseat.checker.model import Command, Tenant
from lastseat.checker.signatures import Signature, signatures, signatures_of
from lastseat.checker.verdict import Verdict


def tenants_of(history: History) -> dict[str, Tenant]:
    """The journal by command, in the order of its ordinals."""
    tenants: dict[str, Tenant] = {}
    history.journal.sort(key=lambda row: row.ordinal)
    for operation in history.operations.values():
        asked = operation.asked
        tenant = tenants.get(asked.tenant)
        if tenant is None:
            tenant = tenants[asked.tenant] = Tenant(asked.tenant)
        if asked.key is not None:
            tenant.by_key.setdefault(asked.key, []).append(operation)
    for row in history.journal:
        tenant = tenants.get(row.tenant_id)
        if tenant is None:
            tenant = tenants[row.tenant_id] = Tenant(row.tenant_id)
        command = tenant.commands.get(row.command_id)
        if command is None:
            command = tenant.commands[row.command_id] = Command(tenant, row.command_id)
        command.rows.append(row)
        if row.lead and row.booking_id is not None and row.version is not None:
            tenant.leads[row.booking_id, row.version] = command
        elif row.type in ("defined", "fact"):
            tenant.placed[row.stream_id, row.seq] = command
    for actor in history.actors:
        tenant = tenants.get(actor.tenant_id)
        if tenant is not None:
            tenant.actors[actor.ref] = actor.actor_id
            tenant.refs[actor.actor_id] = actor.ref
    return tenants


class Matching:
    """Finds each operation's command."""

    def __init__(self, history: History, tenants: dict[str, Tenant], verdict: Verdict) -> None:
        self.history = history
        self.tenants = tenants
        self.verdict = verdict
        self.keys: dict[tuple[str, str], KeyRow] = {
            (row.tenant_id, row.key): row for row in history.keys
        }

    def run(self) -> None:
        """Match everything."""
        operations = self.history.operations.values()
        for tenant in self.tenants.values():
            for tries in tenant.by_key.values():
                decided = [x for x in tries if x.decided]
                for operation in decided:
                    operation.since = min(x.asked.at for x in tries)
                    operation.until = min(x.returned for x in decided)
        for operation in operations:
            command = self._find(operation)
            if command is not None:
                self._bind(operation, command)
        for operation in operations:
            if operation.result == "ok" and operation.done is None:
                command = self._by_answer(operation) or self._by_key(operation)
                if command is not None:
                    self._bind(operation, command)
        self._explain()
        for tenant in self.tenants.values():
            for command in tenant.commands.values():
                self._lifetime(command)
            engines_lifetimes(tenant)

    def _find(self, operation: Operation) -> Command | None:
        asked = operation.asked
        tenant = self.tenants[asked.tenant]
        command_id = asked.args.command_id
        if command_id is not None:
            command = tenant.commands.get(command_id)
            if command is not None:
                return command
        if operation.result == "fail":
            return None
        if asked.key is not None:
            row = self.keys.get((asked.tenant, asked.key))
            return tenant.commands.get(row.command_id) if row is not None else None
        return None

    def _by_key(self, operation: Operation) -> Command | None:
        """The command of another try that was told the same; that the key is lacking is said."""
        tenant = self.tenants[operation.asked.tenant]
        for other in tenant.by_key.get(operation.asked.key or "", ()):
            if other.done is not None and other.outcome == operation.outcome:
                found: Command = other.done
                return found
        return None

    def _by_answer(self, operation: Operation) -> Command | None:
        """The command that wrote what an answer tells of, when it can have been this one."""
        if operation.args_id is not None:
            return None
        tenant = self.tenants[operation.asked.tenant]
        match operation.outcome:
            case told.Held() as answer if operation.asked.kind == "join":
                return tenant.leads.get((answer.booking_id, 1))
            case told.Booked() | told.Held() | told.Joined() as answer:
                return tenant.leads.get((answer.booking_id, answer.version))
            case told.Expired():
                # The engine had journalled it before it looked: an entry of its own.
                return None
            case told.Changed() as answer:
                return self._changed(operation, answer)
            case told.Moved() as answer:
                return self._moved(operation, answer)
            case told.Appended() as answer:
                places = (tenant.placed.get(place) for place in answer.sequences.items())
                return next((command for command in places if command is not None), None)
            case told.Defined(created=True) as answer:
                return tenant.placed.get((answer.bookable, 1))
            case _:
                return None

    def _changed(self, operation: Operation, answer: told.Changed) -> Command | None:
        tenant = self.tenants[operation.asked.tenant]
        command = tenant.leads.get((answer.booking_id, answer.version))
        if command is None or not signatures(operation) & signatures_of(command):
            return None
        if isinstance(answer, told.Confirmed) and self._is_another(operation, command):
            # It was confirmed already, by an operation whose answer was lost perhaps.
            command.told.append(operation)
            return None
        if isinstance(answer, told.Confirmed):
            # Confirming again answers the same: who was first can't be told, nor need it be.
            command.told.append(operation)
            if command.operation is not None:
                return None
        return command

    def _moved(self, operation: Operation, answer: told.Moved) -> Command | None:
        tenant = self.tenants[operation.asked.tenant]
        for one in answer.moved:
            command = tenant.leads.get((one.booking_id, one.version))
            if command is None or not signatures(operation) & signatures_of(command):
                continue
            rows = [row for row in command.rows if row.booking_id == one.booking_id]
            if not one.seat and any(x.during is None for row in rows for x in row.body.claims):
                continue  # it was there already: moving there again answers seat 0
            command.told.append(operation)
            if command.operation is None and not self._is_another(operation, command):
                return command
        return None

    def _is_another(self, operation: Operation, command: Command) -> bool:
        """Whether the answer kept under the operation's key is that of another command."""
        row = self.keys.get((operation.asked.tenant, operation.asked.key or ""))
        return row is not None and row.command_id != command.command_id

    def _bind(self, operation: Operation, command: Command) -> None:
        operation.done = command
        asked = operation.asked
        before = command.operation
        if operation.result == "fail" and asked.args.command_id == command.command_id:
            what = f"op {asked.op} was {said(operation)}, and the journal has it done"
            self.verdict.add("refused_but_done", what, asked.op, tenant=asked.tenant)
        if before is None:
            command.operation = operation
        elif before.asked.key is None or before.asked.key != asked.key:
            what = f"op {before.asked.op} and op {asked.op} were answered with one effect"
            self.verdict.add("answer", what, before.asked.op, asked.op, tenant=asked.tenant)
        elif asked.args.command_id == command.command_id or (
            before.args_id != command.command_id and before.result != "ok"
        ):
            command.operation = operation

    def _lifetime(self, command: Command) -> None:
        """When it can have been written, from the operations that it is."""
        operation = command.operation
        if operation is None:
            return
        tries = [operation]
        if operation.asked.key is not None:
            tries = [*command.tenant.by_key[operation.asked.key], *command.told]
        elif command.told:
            tries = [operation, *command.told]
        exact = operation.args_id == command.command_id
        command.invoked = operation.asked.at if exact else min(x.asked.at for x in tries)
        ends = [x.returned for x in tries if x.result == "ok"]
        command.returned = min(ends, default=inf)

    # What is left ------------------------------------------------------------------------------

    def _explain(self) -> None:
        left = [
            command
            for tenant in self.tenants.values()
            for command in tenant.commands.values()
            if command.operation is None and not engines_own(command)
        ]
        if not left:
            return
        open_ones: dict[tuple[str, Signature], list[Operation]] = {}
        done: dict[tuple[str, Signature], list[Operation]] = {}
        for operation in self.history.operations.values():
            where = done if operation.done is not None else open_ones
            for signature in signatures(operation):
                where.setdefault((operation.asked.tenant, signature), []).append(operation)
        left.sort(key=lambda command: command.rows[0].ordinal)
        for command, span in zip(left, self._spans(left), strict=True):
            self._explain_one(command, open_ones, done, span)

    def _spans(self, left: list[Command]) -> list[tuple[float, float]]:
        """When each of these was written at the earliest and the latest, as the others tell."""
        known = [
            command
            for tenant in self.tenants.values()
            for command in tenant.commands.values()
            if command.operation is not None
        ]
        for command in known:
            self._lifetime(command)
        known.sort(key=lambda command: command.rows[0].ordinal)
        ordinals = [command.rows[0].ordinal for command in known]
        latest = list(accumulate((x.invoked for x in known), max))
        earliest = list(accumulate((x.returned for x in reversed(known)), min))
        earliest.reverse()
        spans: list[tuple[float, float]] = []
        for command in left:
            i = bisect_left(ordinals, command.rows[0].ordinal)
            low = latest[i - 1] if i else -inf
            spans.append((low, earliest[i] if i < len(earliest) else inf))
        return spans

    def _explain_one(
        self,
        command: Command,
        open_ones: dict[tuple[str, Signature], list[Operation]],
        done: dict[tuple[str, Signature], list[Operation]],
        span: tuple[float, float],
    ) -> None:
        tenant = command.tenant.name
        marks = [(tenant, signature) for signature in signatures_of(command)]
        candidates = [x for mark in marks for x in open_ones.get(mark, ()) if x.done is None]
        # An id that the client drew would have been found.
        candidates = [x for x in candidates if x.args_id is None or x.result == "fail"]
        in_time = [x for x in candidates if x.asked.at <= span[1] and x.returned >= span[0]]
        candidates = in_time or candidates
        candidates.sort(key=lambda x: ("ok", "unknown", "fail").index(x.result))
        row = command.rows[0]
        place = f"{row.stream_id}, entry {row.seq} ({row.type})"
        if candidates:
            operation = candidates[0]
            if operation.result != "fail" or operation.args_id is None:
                operation.done = command
                command.operation = operation
                command.told = [x for x in candidates if x.result != "fail"]
            if operation.result == "fail":
                number = operation.asked.op
                what = f"op {number} was {said(operation)}, and {place} did it"
                self.verdict.add("refused_but_done", what, number, tenant=tenant)
            return
        twice = next((x for mark in marks for x in done.get(mark, ())), None)
        if twice is not None:
            number = twice.asked.op
            what = f"op {number} was done twice: again at {place}"
            self.verdict.add("doubled", what, number, tenant=tenant)
            return
        what = f"{place} of booking {row.booking_id}: no operation asked for it"
        self.verdict.add("nobody_asked", what, tenant=tenant)


def engines_lifetimes(tenant: Tenant) -> None:
    """When the engine's own can have been written: in one transaction with what was asked for.

    So after all of that had been asked for, and before any of it was answered.
    """
    spans: dict[str, tuple[float, float]] = {}
    for command in tenant.commands.values():
        if command.operation is not None:
            low, high = spans.get(command.rows[0].tx, (-inf, inf))
            spans[command.rows[0].tx] = max(low, command.invoked), min(high, command.returned)
    for command in tenant.commands.values():
        if command.operation is None:
            command.invoked, command.returned = spans.get(command.rows[0].tx, (-inf, inf))


def engines_own(command: Command) -> bool:
    """What the engine writes of itself: holds that ran out, offers, an event's occurrences."""
    return all(
        row.type in ("expired", "offered")
        or (row.type == "defined" and row.body.event_id is not None)
        for row in command.rows
    )


def said(operation: Operation) -> str:
    """How an operation failed, in words."""
    if operation.outcome is not None:
        return f"refused ({told.code_of(operation.outcome)})"
    return f"not done ({operation.error or 'it failed'})"
