"""The service over HTTP: in this process on the real database, and as the command that users run.

`client` is quick: the application itself, called without a socket. `service` is `lastseat serve` on
a free port. Both ask who calls; `login` has a credential of each role in a test's own tenant.
"""

import asyncio
import contextlib
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import jwt
import psycopg
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.cli.running import Running, started
from tests.http.desk import Desk

from lastseat.access import Role, store
from lastseat.access.terms import OF_KEYS, KeyTerms
from lastseat.config import TokenSettings
from lastseat.http.app import make_app
from lastseat.http.settings import ServeSettings

ISSUER = "https://issuer.example.org"
AUDIENCE = "lastseat-tests"
SECRET = secrets.token_hex(32)

Headers = dict[str, str]


@pytest.fixture(scope="session")
def secret_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secret that the issuer of signed tokens shares with the service."""
    path = tmp_path_factory.mktemp("issuer") / "secret"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="session")
def settings(conninfo: str, secret_file: Path) -> ServeSettings:
    """How the application under test is served."""
    tokens = TokenSettings(issuer=ISSUER, audience=AUDIENCE, secret_file=secret_file)
    return ServeSettings(url=conninfo, tokens=tokens)


@pytest.fixture(scope="session")
def client(settings: ServeSettings) -> Iterator[TestClient[Litestar]]:
    """The application in this process. Without credentials: pass `headers=login(role)`."""
    with TestClient(make_app(settings), base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture(scope="session")
def trusting(conninfo: str) -> Iterator[TestClient[Litestar]]:
    """The same with authentication off; the header Lastseat-Tenant names the tenant."""
    with TestClient(
        make_app(ServeSettings(url=conninfo, auth=False)), base_url="http://127.0.0.1"
    ) as opened:
        yield opened


@pytest.fixture
def login(conninfo: str, tenant_id: str) -> Callable[..., Headers]:
    """Headers with a credential of a role in the test's tenant, which is made with it.

    A customer's is a signed token for the subject `actor`; a guest's a publishable key.
    """
    made: dict[tuple[Role, str], Headers] = {}
    make_tenant(conninfo, tenant_id)

    def headers(role: Role | str = Role.OWNER, *, actor: str = "ann") -> Headers:
        role = Role(role)
        found = made.get((role, actor))
        if found is None:
            if role is Role.CUSTOMER:
                text = token(actor, tenant=tenant_id)
            else:
                text = make_key(conninfo, tenant_id, role)
            found = made[role, actor] = bearer(text)
        return found

    return headers


@pytest.fixture
def owner(login: Callable[..., Headers]) -> Headers:
    """Headers of an owner of the test's tenant."""
    return login(Role.OWNER)


def bearer(text: str) -> Headers:
    """A credential as a header."""
    return {"Authorization": f"Bearer {text}"}


def token(subject: str, *, secret: str = SECRET, seconds: float = 600, **claims: object) -> str:
    """A signed token of the issuer; a claim given as None is left out."""
    now = time.time()
    said = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + seconds, "sub": subject, **claims}
    return jwt.encode({k: v for k, v in said.items() if v is not None}, secret, algorithm="HS256")


def make_tenant(conninfo: str, tenant_id: str, *, operator: bool = False) -> None:
    """A tenant that is there; the operator's if asked for."""

    async def make() -> None:
        connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
        async with connection:
            await store.create_tenant(connection, tenant_id)
            if operator:
                await connection.execute(
                    "UPDATE lastseat.tenants SET operator = true WHERE tenant_id = %s", [tenant_id]
                )

    asyncio.run(make())


def make_key(conninfo: str, tenant_id: str, role: Role = Role.OWNER, **terms: object) -> str:
    """The text of a new key of a role; a guest's is publishable."""

    async def make() -> store.NewKey:
        connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
        async with connection:
            wanted = KeyTerms(
                str(role),
                roles=(role,),
                publishable=role is Role.GUEST,
                **terms,  # type: ignore[arg-type]
            )
            made = await store.create_key(connection, tenant_id, wanted, created_by="test")
            assert isinstance(made, store.NewKey), made
            return made

    return asyncio.run(make()).text


def every_role() -> list[Role]:
    """The roles that `login` has a credential for."""
    return [*sorted(OF_KEYS), Role.CUSTOMER, Role.GUEST]


class Service:
    """`lastseat serve` as a process of its own."""

    def __init__(self, process: Running, said: list[str]) -> None:
        self.process = process
        self.said = said
        self.url = next(line for line in said if line.startswith("Lastseat serves ")).split()[2]

    @property
    def owner_key(self) -> str | None:
        """The first owner's key, if it was printed."""
        texts = [line.strip() for line in self.said if line.strip().startswith("ls_sk_")]
        return texts[0] if texts else None

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit code."""
        self.process.send_signal(sent)
        return self.process.wait(timeout=40)


@contextlib.contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[Service]:
    """`lastseat serve` with these arguments, until it answers; it is stopped at the end.

    Without jobs, which would expire the holds of whatever test shares its database; and told to
    stop, it waits for no balancer to notice.
    """
    quiet = {"LASTSEAT_JOBS": "false", "LASTSEAT_DRAIN": "0"}
    with started("serve", "--port", "0", *arguments, cwd=None, **(quiet | environment)) as process:
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Lastseat serves "):
                break
        else:
            raise AssertionError(f"it ended with {process.wait()}: {''.join(said)}")
        service = Service(process, said)
        until_up(service.url)
        yield service
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=40)


def until_up(url: str, seconds: float = 60) -> None:
    """Wait until the service answers."""
    deadline = time.monotonic() + seconds
    with caller(url, timeout=5) as http:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if http.get("/healthz").status_code == 200:
                    return
            assert time.monotonic() < deadline, "the service does not answer"
            time.sleep(0.05)


def caller(url: str, *, timeout: float = 30) -> httpx.Client:
    """An HTTP client of a service on this machine."""
    # Without the authorities of TLS, which nobody speaks here: to read them takes 30 ms.
    return httpx.Client(base_url=url, timeout=timeout, trust_env=False, verify=False)  # noqa: S501


@pytest.fixture(scope="session")
def service(conninfo: str, secret_file: Path) -> Iterator[Service]:
    """A real server process on a free port, on the shared database, authentication on."""
    with serving(
        "--url",
        conninfo,
        LASTSEAT_TOKEN_ISSUER=ISSUER,
        LASTSEAT_TOKEN_AUDIENCE=AUDIENCE,
        LASTSEAT_TOKEN_SECRET_FILE=str(secret_file),
    ) as running:
        yield running


@pytest.fixture
def remote(service: Service) -> Iterator[httpx.Client]:
    """An HTTP client of that server. Without credentials: pass `headers=login(role)`."""
    with caller(service.url) as opened:
        yield opened


@pytest.fixture
def with_role(client: TestClient[Litestar], conninfo: str, tenant_id: str) -> Callable[..., Desk]:
    """Opens the desk of a key of one role in the test's tenant, on whatever terms are given."""
    make_tenant(conninfo, tenant_id)

    def opened(role: Role, **terms: object) -> Desk:
        return Desk(client, bearer(make_key(conninfo, tenant_id, role, **terms)))

    return opened


@pytest.fixture
def desk(with_role: Callable[..., Desk]) -> Desk:
    """The desk of the owner of the test's tenant."""
    return with_role(Role.OWNER)


@pytest.fixture
def customer(client: TestClient[Litestar], desk: Desk, tenant_id: str) -> Callable[[str], Desk]:
    """Opens the desk of a customer of the test's tenant, by their subject."""
    return lambda subject: Desk(client, bearer(token(subject, tenant=tenant_id)))


@pytest.fixture
def elsewhere(client: TestClient[Litestar], conninfo: str, tenant_id: str) -> Desk:
    """The desk of the owner of another tenant."""
    other = f"{tenant_id}-other"
    make_tenant(conninfo, other)
    return Desk(client, bearer(make_key(conninfo, other)))
