"""A service to be a client of: the real application on a real port, in a thread of the test run."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import uvicorn

from lastseat.access import store
from lastseat.access.roles import Role
from lastseat.access.store import NewKey
from lastseat.access.terms import KeyTerms
from lastseat.http.app import make_app
from lastseat.http.settings import ServeSettings


@contextmanager
def serving(conninfo: str) -> Iterator[int]:
    """The port of a service on the database, for the length of the block."""
    app = make_app(ServeSettings(url=conninfo))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        assert time.monotonic() < deadline, "the service does not start"
        time.sleep(0.01)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def new_key(conninfo: str, tenant_id: str, *roles: Role, publishable: bool = False) -> str:
    """A key of these roles, of a tenant that is made if it is not there."""
    terms = KeyTerms(name="test", roles=list(roles), publishable=publishable)
    return asyncio.run(_new_key(conninfo, tenant_id, terms))


async def _new_key(conninfo: str, tenant_id: str, terms: KeyTerms) -> str:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        await store.create_tenant(connection, tenant_id)
        made = await store.create_key(connection, tenant_id, terms, created_by="test")
    assert isinstance(made, NewKey), made
    return made.text
