"""An issuer's keys by URL, from a real https server: fetched rarely, bounded, never over http."""

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.access.issuer import AUDIENCE, ISSUER, SIGNERS, jwks

from lastseat.access import jwks as module
from lastseat.access.jwks import FetchedKeys, KeysUnavailable
from lastseat.access.tokens import BadToken, KeysAway, Verifier
from lastseat.config import TokenSettings

OLD, NEW = SIGNERS["ES256"], SIGNERS["EdDSA"]


class Issuer:
    """An https server with one document, and a count of how often it was asked for."""

    def __init__(self, certificate: Path) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = jwks(OLD.jwk)
        self.pause = 0.0
        self.asked = 0
        self.now = 1_000.0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                time.sleep(issuer.pause)
                self.send_response(issuer.status)
                for name, value in issuer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(issuer.body)))
                self.end_headers()
                try:
                    self.wfile.write(issuer.body)
                except OSError:
                    issuer.cut_off = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.cut_off = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/jwks.json"

    def keys(self) -> FetchedKeys:
        """Its keys, on a clock that the test turns."""
        return FetchedKeys(self.url, clock=lambda: self.now)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, its own authority, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("issuer") / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(signed.public_bytes(Encoding.PEM) + private)
    return path


@pytest.fixture
def issuer(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    served = Issuer(certificate)
    thread = threading.Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.server.shutdown()
    served.server.server_close()
    thread.join()


def find(keys: FetchedKeys, kid: str | None, algorithm: str = "ES256") -> bool:
    return asyncio.run(keys.find(kid, algorithm)) is not None


def test_a_token_is_verified_by_the_published_keys(issuer: Issuer) -> None:
    verifier = Verifier(TokenSettings(ISSUER, AUDIENCE, jwks_url=issuer.url))
    assert asyncio.run(verifier.verify(OLD.token(kid=OLD.kid))).subject == "ann@id"
    with pytest.raises(BadToken, match="not known"):
        asyncio.run(verifier.verify(NEW.token(kid=NEW.kid)))
    assert issuer.asked == 1


def test_keys_are_kept_for_ten_minutes(issuer: Issuer) -> None:
    keys = issuer.keys()
    for _ in range(10):
        assert find(keys, OLD.kid)
        issuer.now += 59
    assert issuer.asked == 1
    issuer.body = jwks(NEW.jwk)
    issuer.now += 60
    assert not find(keys, OLD.kid), "a withdrawn key counts ten minutes longer, at most"
    assert issuer.asked == 2


def test_a_new_key_is_found_when_it_is_used(issuer: Issuer) -> None:
    keys = issuer.keys()
    assert find(keys, OLD.kid)
    issuer.body = jwks(OLD.jwk, NEW.jwk)
    issuer.now += 61
    assert find(keys, NEW.kid, "EdDSA")
    assert issuer.asked == 2


def test_unknown_keys_make_it_ask_once_a_minute_at_most(issuer: Issuer) -> None:
    keys = issuer.keys()
    for second in range(300):
        assert not find(keys, f"made up {second}")
        issuer.now += 1
    assert issuer.asked == 5
    issuer.status = 500
    for second in range(300):
        assert not find(keys, f"made up {second}")
        issuer.now += 1
    assert issuer.asked == 10, "nor more often when it fails"


def test_a_crowd_asks_once(issuer: Issuer) -> None:
    issuer.pause = 0.2
    keys = issuer.keys()

    async def crowd() -> list[object]:
        return list(await asyncio.gather(*(keys.find(OLD.kid, "ES256") for _ in range(50))))

    assert None not in asyncio.run(crowd())
    assert issuer.asked == 1


def _redirected(issuer: Issuer) -> None:
    issuer.status, issuer.headers = 302, {"Location": issuer.url}


def _broken(issuer: Issuer) -> None:
    issuer.status = 500


def _not_json(issuer: Issuer) -> None:
    issuer.body = b"<html>"


def _no_keys(issuer: Issuer) -> None:
    issuer.body = jwks()


def _endless(issuer: Issuer) -> None:
    issuer.body = b" " * 20_000_000 + jwks(OLD.jwk)


def _compressed(issuer: Issuer) -> None:
    issuer.headers = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    "spoil", [_redirected, _broken, _not_json, _no_keys, _endless, _compressed]
)
def test_without_sound_keys_nobody_is_let_in(issuer: Issuer, spoil: object) -> None:
    assert callable(spoil)
    spoil(issuer)
    verifier = Verifier(TokenSettings(ISSUER, AUDIENCE, jwks_url=issuer.url))
    with pytest.raises(KeysAway, match="out of reach"):
        asyncio.run(verifier.verify(OLD.token(kid=OLD.kid)))
    with pytest.raises(KeysAway):
        asyncio.run(verifier.verify(OLD.token(kid=OLD.kid)))
    assert issuer.asked == 1, "a failure is not repeated for each request"
    if spoil is _endless:
        deadline = time.monotonic() + 5
        while not issuer.cut_off and time.monotonic() < deadline:
            time.sleep(0.01)
        assert issuer.cut_off, "it was not read to its end"


def test_old_keys_count_until_they_are_too_old(issuer: Issuer) -> None:
    keys = issuer.keys()
    assert find(keys, OLD.kid)
    issuer.status = 503
    issuer.now += 599
    assert find(keys, OLD.kid)
    issuer.now += 2
    with pytest.raises(KeysUnavailable):
        find(keys, OLD.kid)
    issuer.status = 200
    with pytest.raises(KeysUnavailable):
        find(keys, OLD.kid)
    issuer.now += module.AGAIN_SECONDS
    assert find(keys, OLD.kid), "and it goes on by itself when the issuer is back"


def test_a_server_that_does_not_answer_is_given_up(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FETCH_SECONDS", 0.2)
    issuer.pause = 1.0
    with pytest.raises(KeysUnavailable):
        find(issuer.keys(), OLD.kid)


def test_a_server_that_nobody_vouches_for_is_not_believed(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(KeysUnavailable):
        find(issuer.keys(), OLD.kid)
    assert issuer.asked == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1/jwks.json", "file:///etc/passwd", ""])
def test_keys_are_never_fetched_but_over_https(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        FetchedKeys(url)
