"""`lastseat tenants`, `keys`, `people`: who may ask. Who has the database needs no key for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import psycopg
import typer
from rich.table import Table

from lastseat.access import Action, Role, store
from lastseat.access.rows import Connection
from lastseat.access.store import Key, Person, Tenant
from lastseat.access.terms import KeyTerms
from lastseat.cli.loading import PLAIN
from lastseat.cli.reaching import reach_made, schema_needed
from lastseat.cli.terminal import DataDir, Failure, Json, Url, err, no_tenant, out
from lastseat.core.outcomes import Invalid

T = TypeVar("T")


def _group(about: str) -> typer.Typer:
    return typer.Typer(help=about, no_args_is_help=True, **PLAIN)


tenants = _group("Tenants: the organisations that share this installation.")
keys = _group("API keys: made, listed, revoked.")
people = _group("People with signed tokens, and their roles.")

TenantId = Annotated[str, typer.Option("--tenant", metavar="ID", help="The tenant.")]
Limit = Annotated[int, typer.Option(min=1, help="So many at most.")]
Roles = Annotated[
    list[Role] | None, typer.Option("--role", help="A role; give it again for another.")
]


# Tenants -----------------------------------------------------------------------------------------


@tenants.command("create")
def create_tenant(
    tenant: Annotated[str, typer.Argument(metavar="ID", help="The new tenant's id.")],
    *,
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make a tenant. It needs a key next: `lastseat keys create --role owner`."""
    made = _run(url, data_dir, lambda c: store.create_tenant(c, tenant, name=name))
    if made is None:
        raise Failure(f"there is a tenant {tenant!r} already")
    found = _sound(made)
    _answer(found, f"made the tenant {found.tenant_id}", json=json)


@tenants.command("list")
def list_tenants(
    *, limit: Limit = 1_000, url: Url = None, data_dir: DataDir = None, json: Json = False
) -> None:
    """List the tenants."""
    found = _run(url, data_dir, lambda c: store.list_tenants(c, limit=limit))
    rows = [(x.tenant_id, x.name or "", "operator" if x.operator else "") for x in found]
    _list(found, ("tenant", "name", ""), rows, json=json)


# Keys --------------------------------------------------------------------------------------------


@keys.command("create")
def create_key(  # noqa: PLR0913 - each is an option
    *,
    tenant: TenantId,
    name: Annotated[str, typer.Option(help="What it is for, such as `till 2`.")],
    role: Roles = None,
    scope: Annotated[
        list[Action] | None,
        typer.Option(help="Allow this action alone; give it again for another.", metavar="ACTION"),
    ] = None,
    publishable: Annotated[
        bool, typer.Option("--publishable", help="For guests' browsers: rate limited, role guest.")
    ] = False,
    per_minute: Annotated[
        int | None, typer.Option(min=1, help="Requests a minute. Publishable: 60 by default.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="It expires after so many days.")
    ] = None,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make a key, and show it this once. What is kept can't be turned back into it."""
    terms = KeyTerms(
        name=name,
        roles=role or (),
        scopes=scope or None,
        publishable=publishable,
        per_minute=per_minute,
        expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
    )
    made = _sound(
        _run(
            url,
            data_dir,
            lambda c: store.create_key(c, tenant, terms, created_by="command line"),
            of=tenant,
        )
    )
    if not json:
        err.print("This key is shown once; keep it where secrets are kept:")
    _answer(made, made.text, json=json)


@keys.command("list")
def list_keys(
    *,
    tenant: TenantId,
    limit: Limit = 1_000,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """List a tenant's keys, revoked and expired ones too."""
    found = _run(url, data_dir, lambda c: store.list_keys(c, tenant, limit=limit), of=tenant)
    rows = [(x.key_id, x.name, ", ".join(x.roles), _state(x)) for x in found]
    _list(found, ("key", "name", "roles", "state"), rows, json=json)


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(metavar="KEY_ID", help="Its id, as `keys list` has it.")],
    *,
    tenant: TenantId,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Revoke a key, for good. Servers notice within about a second."""
    found = _run(url, data_dir, lambda c: store.revoke_key(c, tenant, key), of=tenant)
    if found is None:
        raise Failure(f"tenant {tenant!r} has no key of that id: see `lastseat keys list`")
    _answer(found, f"revoked the key {found.key_id} ({found.name})", json=json)


def _state(key: Key) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d %H:%M} UTC"
    if key.expires_at is None:
        return "valid"
    over = key.expires_at <= datetime.now(UTC)
    return f"{'expired' if over else 'valid until'} {key.expires_at:%Y-%m-%d %H:%M} UTC"


# People ------------------------------------------------------------------------------------------


@people.command("add")
def add_person(
    subject: Annotated[str, typer.Argument(help="The claim `sub` of their tokens.")],
    *,
    tenant: TenantId,
    role: Roles = None,
    name: Annotated[str | None, typer.Option(help="What they are called.")] = None,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Give somebody roles. Again for the same subject: these roles and name instead."""
    found = _sound(
        _run(
            url,
            data_dir,
            lambda c: store.set_person(c, tenant, subject=subject, roles=role or (), name=name),
            of=tenant,
        )
    )
    _answer(found, f"{found.subject} is {', '.join(found.roles)}: {found.person_id}", json=json)


@people.command("list")
def list_people(
    *,
    tenant: TenantId,
    limit: Limit = 1_000,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """List a tenant's people."""
    found = _run(url, data_dir, lambda c: store.list_people(c, tenant, limit=limit), of=tenant)
    rows = [(x.person_id, x.subject, x.name or "", ", ".join(x.roles)) for x in found]
    _list(found, ("person", "subject", "name", "roles"), rows, json=json)


@people.command("remove")
def remove_person(
    person: Annotated[str, typer.Argument(metavar="PERSON_ID", help="As `people list` has it.")],
    *,
    tenant: TenantId,
    url: Url = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Take somebody's roles. With tokens for this tenant they come back, as a customer."""
    found = _run(url, data_dir, lambda c: store.remove_person(c, tenant, person), of=tenant)
    if found is None:
        raise Failure(f"tenant {tenant!r} has no person of that id: see `lastseat people list`")
    _answer(found, f"removed {found.subject}", json=json)


# What they share ---------------------------------------------------------------------------------


def _run(
    url: str | None,
    data_dir: Path | None,
    ask: Callable[[Connection], Awaitable[T]],
    *,
    of: str | None = None,
) -> T:
    """What `ask` answers on the database in force, which must have the schema already.

    Raises `Failure` where there is no tenant `of` that id.
    """
    conninfo = reach_made(url, data_dir)

    async def asked() -> T:
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
            if of is not None and await store.tenant(connection, of) is None:
                raise no_tenant(of)
            return await ask(connection)

    with schema_needed():
        return asyncio.run(asked())


def _sound(answer: T | Invalid) -> T:
    if isinstance(answer, Invalid):
        raise Failure(f"{answer.field}: {answer.reason}")
    return answer


def _answer(found: Any, line: str, *, json: bool) -> None:
    out.print(msgspec.json.encode(found).decode() if json else line)


def _list(
    found: Sequence[Tenant | Key | Person],
    header: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    *,
    json: bool,
) -> None:
    if json:
        out.print(msgspec.json.encode(found).decode())
        return
    if not out.is_terminal:
        # For scripts: a line each, with tabs, which a rich console would turn into spaces.
        for row in rows:
            typer.echo("\t".join(row))
        return
    table = Table(*header, box=None)
    for row in rows:
        table.add_row(*row)
    out.print(table)
