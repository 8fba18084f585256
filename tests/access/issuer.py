"""An issuer of tokens: real keys of each kind, their PEM and JWKS, and tokens signed with them."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from lastseat.config import TokenSettings

ISSUER = "https://id.example.com/"
AUDIENCE = "lastseat"
SECRET = "0123456789abcdef0123456789abcdef-shared"

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Signer:
    """A private key, its algorithm, and the name it is published under."""

    algorithm: str
    private: Private
    kid: str

    @property
    def pem(self) -> bytes:
        public = self.private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def jwk(self) -> dict[str, Any]:
        public = self.private.public_key()
        match public:
            case rsa.RSAPublicKey():
                jwk = RSAAlgorithm.to_jwk(public, as_dict=True)
            case ec.EllipticCurvePublicKey():
                jwk = ECAlgorithm.to_jwk(public, as_dict=True)
            case _:
                jwk = OKPAlgorithm.to_jwk(public, as_dict=True)
        return {**jwk, "kid": self.kid, "use": "sig"}

    def token(self, *, kid: str | None = None, **changes: Any) -> str:
        headers = {} if kid is None else {"kid": kid}
        return jwt.encode(claims(**changes), self.private, self.algorithm, headers)


# Made once: an RSA key takes a while.
SIGNERS = {
    "RS256": Signer("RS256", rsa.generate_private_key(65537, 2048), "rsa-1"),
    "ES256": Signer("ES256", ec.generate_private_key(ec.SECP256R1()), "ec-1"),
    "EdDSA": Signer("EdDSA", ed25519.Ed25519PrivateKey.generate(), "ed-1"),
}


def claims(**changes: Any) -> dict[str, Any]:
    """Sound claims with some changed; `None` leaves one out."""
    sound = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ann@id",
        "exp": int(time.time()) + 300,
        "tenant": "studio",
    }
    return {name: value for name, value in (sound | changes).items() if value is not None}


def jwks(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def by_file(folder: Path, content: bytes) -> TokenSettings:
    """Settings that verify by a file of this content."""
    path = folder / "keys"
    path.write_bytes(content)
    return TokenSettings(ISSUER, AUDIENCE, key_file=path)


def by_secret(folder: Path, secret: str = SECRET) -> TokenSettings:
    path = folder / "secret"
    path.write_text(secret + "\n")
    return TokenSettings(ISSUER, AUDIENCE, secret_file=path)
