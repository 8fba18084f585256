"""The keys that sign tokens: read from PEM, JWKS or a shared secret, each with its one algorithm.

A key decides the algorithm, never the token: else a token could name HS256 and be "signed" with a
public key, which everybody has.
"""

import json
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import Struct

ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA", "HS256"})
"""What tokens may be signed with; "none" is not one."""

SECRET_BYTES = 32
"""The shortest shared secret: as long as the hash it is used with (RFC 7518, 3.2)."""

RSA_BITS = 2048
"""The shortest RSA key (RFC 7518, 3.3)."""


class SigningKey(Struct, frozen=True):
    """A key with its algorithm; `kid` None: it is the only one and has no name."""

    kid: str | None
    algorithm: str
    key: Any

    def __repr__(self) -> str:
        """Without the key, which may be a secret."""
        return f"SigningKey(kid={self.kid!r}, algorithm={self.algorithm!r})"


def find(keys: tuple[SigningKey, ...], kid: str | None, algorithm: str) -> SigningKey | None:
    """The key that a token's header names; None: there is none, or no telling which."""
    fitting = [key for key in keys if key.algorithm == algorithm]
    if kid is not None:
        # A key without a name is taken for any: a PEM file can't give it one.
        named = [key for key in fitting if key.kid == kid]
        fitting = named or [key for key in fitting if key.kid is None]
    return fitting[0] if len(fitting) == 1 else None


def of_secret(secret: bytes) -> tuple[SigningKey, ...]:
    """The key of a secret shared with the issuer. Raises `ValueError`, not repeating it."""
    secret = secret.strip()
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"is shorter than {SECRET_BYTES} bytes")
    if secret.startswith(b"-----BEGIN"):
        raise ValueError("is a PEM key, not a secret")
    return (SigningKey(None, "HS256", secret),)


def of_file(content: bytes) -> tuple[SigningKey, ...]:
    """The keys of a file, one public key in PEM or a JWKS. Raises `ValueError`."""
    if content.lstrip().startswith(b"{"):
        return of_jwks(content)
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(
            "is neither a public key in PEM (-----BEGIN PUBLIC KEY-----) nor a JWKS"
        ) from None
    algorithm = _algorithm(key)
    if algorithm is None:
        raise ValueError(
            f"has a key of another kind than RSA of {RSA_BITS} bits or more, P-256 and Ed25519"
        )
    return (SigningKey(None, algorithm, key),)


def of_jwks(content: bytes) -> tuple[SigningKey, ...]:
    """The usable keys of a JWKS; others are passed over. Raises `ValueError` if none is left.

    Shared secrets in a JWKS are no keys here: who can read the set could sign.
    """
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    listed = parsed.get("keys") if isinstance(parsed, dict) else None
    if not isinstance(listed, list):
        raise ValueError(  # noqa: TRY004 - the type of what was read, not of an argument
            'is not a JWKS: it has no list "keys"'
        )
    keys = tuple(key for jwk in listed if (key := _of_jwk(jwk)) is not None)
    if not keys:
        raise ValueError(
            f"has no usable public key: RSA of {RSA_BITS} bits or more, P-256 or Ed25519"
        )
    return keys


def _of_jwk(jwk: object) -> SigningKey | None:
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    kid = jwk.get("kid")
    algorithm = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}.get(str(jwk.get("kty")))
    if algorithm is None or jwk.get("alg", algorithm) != algorithm:
        return None
    try:
        key = jwt.PyJWK(jwk, algorithm).key
    except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        # One key that can't be read is no reason to refuse the issuer's others.
        return None
    if _algorithm(key) != algorithm or not (kid is None or isinstance(kid, str)):
        return None
    return SigningKey(kid, algorithm, key)


def _algorithm(key: object) -> str | None:
    match key:
        case RSAPublicKey() if key.key_size >= RSA_BITS:
            return "RS256"
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1):
            return "ES256"
        case Ed25519PublicKey():
            return "EdDSA"
        case _:
            return None
