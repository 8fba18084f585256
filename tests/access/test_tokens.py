"""Signed tokens: the issuer's are accepted, all else is refused for a reason that tells nothing."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.access.issuer import (
    ISSUER,
    SECRET,
    SIGNERS,
    Private,
    Signer,
    by_file,
    by_secret,
    claims,
    jwks,
)

from lastseat.access.tokens import TOKEN_BYTES, BadToken, Claims, Verifier
from lastseat.config import TokenSettings


def verified(settings: TokenSettings, token: str) -> Claims:
    return asyncio.run(Verifier(settings).verify(token))


def refused(settings: TokenSettings, token: str) -> str:
    with pytest.raises(BadToken) as caught:
        verified(settings, token)
    assert caught.value.__cause__ is None
    return caught.value.reason


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: dict[str, Any], body: bytes, secret: bytes | None = None) -> str:
    """A token put together by hand, signed by HMAC or not at all."""
    text = f"{b64(json.dumps(header).encode())}.{b64(body)}"
    signature = b"" if secret is None else hmac.digest(secret, text.encode(), hashlib.sha256)
    return f"{text}.{b64(signature)}"


# Accepted ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=list(SIGNERS))
def test_a_token_of_each_kind_of_key_is_read(tmp_path: Path, signer: Signer) -> None:
    wanted = Claims("ann@id", ("studio",))
    assert verified(by_file(tmp_path, signer.pem), signer.token()) == wanted
    assert verified(by_file(tmp_path, signer.pem), signer.token(kid="any")) == wanted
    assert verified(by_file(tmp_path, jwks(signer.jwk)), signer.token()) == wanted
    assert verified(by_file(tmp_path, jwks(signer.jwk)), signer.token(kid=signer.kid)) == wanted


def test_a_token_of_a_shared_secret_is_read(tmp_path: Path) -> None:
    token = jwt.encode(claims(), SECRET, "HS256")
    assert verified(by_secret(tmp_path), token) == Claims("ann@id", ("studio",))


def test_a_key_set_with_several_is_searched_by_name(tmp_path: Path) -> None:
    settings = by_file(tmp_path, jwks(*(signer.jwk for signer in SIGNERS.values())))
    for signer in SIGNERS.values():
        assert verified(settings, signer.token(kid=signer.kid)).subject == "ann@id"


@pytest.mark.parametrize(
    ("tenant", "tenants"),
    [(None, ()), ("gym", ("gym",)), (["gym", "bar", "gym"], ("gym", "bar")), ([], ())],
)
def test_which_tenants_it_is_for(tmp_path: Path, tenant: Any, tenants: tuple[str, ...]) -> None:
    token = SIGNERS["EdDSA"].token(tenant=tenant)
    assert verified(by_file(tmp_path, SIGNERS["EdDSA"].pem), token).tenants == tenants


def test_clocks_may_be_half_a_minute_apart(tmp_path: Path) -> None:
    settings = by_file(tmp_path, SIGNERS["EdDSA"].pem)
    assert verified(settings, SIGNERS["EdDSA"].token(exp=int(time.time()) - 15)).subject == "ann@id"
    assert verified(settings, SIGNERS["EdDSA"].token(nbf=int(time.time()) + 15)).subject == "ann@id"


# Refused for its claims --------------------------------------------------------------------------

TIMES = {"exp", "nbf", "iat"}
"""Given below in seconds from now."""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": -60}, "has expired"),
        ({"nbf": 300}, "not valid yet"),
        ({"iat": 300}, "not valid yet"),
        ({"iss": "https://evil.example.com/"}, "another issuer"),
        ({"aud": "elsewhere"}, "another audience"),
        ({"aud": ["other", "another"]}, "another audience"),
        ({"exp": None}, "needs the claims"),
        ({"iss": None}, "needs the claims"),
        ({"aud": None}, "needs the claims"),
        ({"sub": None}, "needs the claims"),
        ({"exp": "soon"}, "malformed"),
        ({"exp": float("inf")}, "malformed"),
        ({"sub": ""}, "malformed"),
        ({"sub": 7}, "malformed"),
        ({"sub": "a\x00b"}, "malformed"),
        ({"sub": "x" * 201}, "malformed"),
        ({"tenant": 7}, "claim tenant"),
        ({"tenant": {"a": 1}}, "claim tenant"),
        ({"tenant": ["a"] * 101}, "claim tenant"),
        ({"tenant": ["gym", 7]}, "malformed"),
        ({"tenant": ""}, "malformed"),
    ],
)
def test_claims_that_are_not_sound(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    now = int(time.time())
    sent = {k: v + now if k in TIMES and isinstance(v, int) else v for k, v in changes.items()}
    # By hand: the library that encodes would not sign some of these.
    token = forged({"alg": "HS256"}, json.dumps(claims(**sent)).encode(), SECRET.encode())
    said = refused(by_secret(tmp_path), token)
    assert reason in said
    assert not any(str(value) in said for value in changes.values() if len(str(value)) > 3)


def test_several_audiences_of_which_one_is_ours(tmp_path: Path) -> None:
    token = jwt.encode(claims(aud=["other", "lastseat"]), SECRET, "HS256")
    assert verified(by_secret(tmp_path), token).subject == "ann@id"


# Refused for its signature -----------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_refused(tmp_path: Path, algorithm: str) -> None:
    token = forged({"alg": algorithm}, json.dumps(claims()).encode())
    for settings in (by_file(tmp_path, SIGNERS["RS256"].pem), by_secret(tmp_path)):
        assert "algorithm" in refused(settings, token)


@pytest.mark.parametrize("signer", SIGNERS.values(), ids=list(SIGNERS))
def test_a_public_key_is_no_shared_secret(tmp_path: Path, signer: Signer) -> None:
    for secret in (signer.pem, signer.pem.strip(), jwks(signer.jwk)):
        for header in ({"alg": "HS256"}, {"alg": "HS256", "kid": signer.kid}):
            token = forged(header, json.dumps(claims()).encode(), secret)
            assert "not known" in refused(by_file(tmp_path, signer.pem), token)
            assert "not known" in refused(by_file(tmp_path, jwks(signer.jwk)), token)


def test_a_signature_of_another_key_is_refused(tmp_path: Path) -> None:
    strangers: dict[str, Private] = {
        "RS256": rsa.generate_private_key(65537, 2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
    }
    for algorithm, stranger in strangers.items():
        token = jwt.encode(claims(), stranger, algorithm)
        assert "signature" in refused(by_file(tmp_path, SIGNERS[algorithm].pem), token)
    other = jwt.encode(claims(), SECRET[::-1], "HS256")
    assert "signature" in refused(by_secret(tmp_path), other)


def test_a_token_of_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    assert "not known" in refused(by_file(tmp_path, SIGNERS["RS256"].pem), SIGNERS["ES256"].token())
    stronger = jwt.encode(claims(), SIGNERS["RS256"].private, "RS512")
    assert "algorithm" in refused(by_file(tmp_path, SIGNERS["RS256"].pem), stronger)


def test_what_was_changed_after_signing_is_refused(tmp_path: Path) -> None:
    settings = by_file(tmp_path, SIGNERS["EdDSA"].pem)
    header, _, signature = SIGNERS["EdDSA"].token().split(".")
    body = b64(json.dumps(claims(tenant="gym")).encode())
    assert "signature" in refused(settings, f"{header}.{body}.{signature}")
    assert "signature" in refused(settings, f"{header}.{body}.")


def test_a_key_id_that_is_not_in_the_set_is_refused(tmp_path: Path) -> None:
    signer = SIGNERS["EdDSA"]
    assert "not known" in refused(by_file(tmp_path, jwks(signer.jwk)), signer.token(kid="ed-2"))


def test_without_a_key_id_it_is_not_guessed_among_several(tmp_path: Path) -> None:
    signer = SIGNERS["EdDSA"]
    settings = by_file(tmp_path, jwks(signer.jwk, {**signer.jwk, "kid": "ed-2"}))
    assert "not known" in refused(settings, signer.token())
    assert verified(settings, signer.token(kid="ed-2")).subject == "ann@id"


def test_a_key_that_a_token_brings_along_is_not_used(tmp_path: Path) -> None:
    stranger = Signer("ES256", ec.generate_private_key(ec.SECP256R1()), "ec-1")
    headers = {"jwk": stranger.jwk, "jku": "https://evil.example.com/", "kid": "ec-1"}
    token = jwt.encode(claims(), stranger.private, "ES256", headers)
    assert "signature" in refused(by_file(tmp_path, jwks(SIGNERS["ES256"].jwk)), token)


# Refused for its form ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "é.é.é",
        "\x00",
        b64(b"[" * 5_000) + ".e30.",
        b64(b'{"alg":"RS256","kid":7}') + ".e30.",
        b64(b'{"alg":["RS256"]}') + ".e30.",
        b64(b'{"alg":"RS256","crit":["x"]}') + ".e30.",
        b64(b'"RS256"') + ".e30.",
        b64(b'{"kid":"rsa-1"}') + ".e30.",
    ],
)
def test_what_is_no_token_is_refused(tmp_path: Path, token: str) -> None:
    assert "token" in refused(by_file(tmp_path, jwks(SIGNERS["RS256"].jwk)), token)


@pytest.mark.parametrize("body", [b"[" * 5_000, b"[]", b"null", b"\xff", b"{"])
def test_a_signed_body_that_is_no_claims_is_refused(tmp_path: Path, body: bytes) -> None:
    token = forged({"alg": "HS256"}, body, SECRET.encode())
    assert "malformed" in refused(by_secret(tmp_path), token)


def test_a_token_that_is_too_long_is_refused_unread(tmp_path: Path) -> None:
    settings = by_file(tmp_path, SIGNERS["EdDSA"].pem)
    assert "too long" in refused(settings, SIGNERS["EdDSA"].token(padding="x" * TOKEN_BYTES))
    assert verified(settings, SIGNERS["EdDSA"].token(padding="x" * 4_000)).subject == "ann@id"


# Keys that will not do ---------------------------------------------------------------------------

PRIVATE = SIGNERS["EdDSA"].private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
WEAK = Signer("RS256", rsa.generate_private_key(65537, 1024), "weak")  # noqa: S505 - that is it
CURVE = Signer("ES384", ec.generate_private_key(ec.SECP384R1()), "p384")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "neither a public key"),
        (b"Dear Sir", "neither a public key"),
        (PRIVATE, "neither a public key"),
        (WEAK.pem, "another kind"),
        (CURVE.pem, "another kind"),
        (b"{", "not JSON"),
        (b'{"a":' * 5_000, "not JSON"),
        (b'{"keys": 7}', "no list"),
        (jwks(), "no usable"),
        (jwks(WEAK.jwk, CURVE.jwk), "no usable"),
        # who can read the set could sign
        (jwks({"kty": "oct", "k": b64(SECRET.encode()), "kid": "x"}), "no usable"),
        (jwks({**SIGNERS["EdDSA"].jwk, "use": "enc"}), "no usable"),
        (jwks({**SIGNERS["RS256"].jwk, "alg": "RS512"}), "no usable"),
        (jwks({**SIGNERS["RS256"].jwk, "n": "!"}, {"kty": "RSA"}, {"kty": 7}), "no usable"),
        (jwks({**SIGNERS["EdDSA"].jwk, "kid": 7}), "no usable"),
    ],
)
def test_a_key_file_that_will_not_do(tmp_path: Path, content: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        Verifier(by_file(tmp_path, content))
    assert str(tmp_path / "keys") in str(caught.value)


def test_one_key_that_can_not_be_read_does_not_spoil_the_others(tmp_path: Path) -> None:
    signer = SIGNERS["EdDSA"]
    settings = by_file(tmp_path, jwks(WEAK.jwk, {"kty": "RSA", "kid": "x"}, signer.jwk))
    assert verified(settings, signer.token(kid=signer.kid)).subject == "ann@id"


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [("short" * 6, "shorter than 32"), (SIGNERS["EdDSA"].pem.decode(), "a PEM key")],
)
def test_a_secret_that_will_not_do_is_not_repeated(
    tmp_path: Path, secret: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        Verifier(by_secret(tmp_path, secret))
    assert secret not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = TokenSettings(ISSUER, "lastseat", key_file=tmp_path / "gone.pem")
    with pytest.raises(ValueError, match=r"gone\.pem can't be read"):
        Verifier(settings)
