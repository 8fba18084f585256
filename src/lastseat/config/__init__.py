"""Where the database is, whose signed tokens count, what may be fetched: the configuration.

The database: an argument, else the environment, else embedded. The others: the environment alone.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

URL_VARIABLE = "LASTSEAT_DATABASE_URL"
DATA_DIR_VARIABLE = "LASTSEAT_DATA_DIR"
TOKEN_ISSUER_VARIABLE = "LASTSEAT_TOKEN_ISSUER"  # noqa: S105 - a variable's name
TOKEN_AUDIENCE_VARIABLE = "LASTSEAT_TOKEN_AUDIENCE"  # noqa: S105
TOKEN_KEY_FILE_VARIABLE = "LASTSEAT_TOKEN_KEY_FILE"  # noqa: S105
TOKEN_SECRET_FILE_VARIABLE = "LASTSEAT_TOKEN_SECRET_FILE"  # noqa: S105
TOKEN_JWKS_URL_VARIABLE = "LASTSEAT_TOKEN_JWKS_URL"  # noqa: S105
FETCH_NETWORKS_VARIABLE = "LASTSEAT_FETCH_NETWORKS"
WEBHOOK_NETWORKS_VARIABLE = "LASTSEAT_WEBHOOK_NETWORKS"


class Database(Struct, frozen=True):
    """A server's URL, or the embedded server's data directory; both None: its default one."""

    url: str | None = None
    data_dir: Path | None = None


def database(url: str | None = None, data_dir: str | os.PathLike[str] | None = None) -> Database:
    """What is in force: the arguments, else LASTSEAT_DATABASE_URL, else LASTSEAT_DATA_DIR.

    Raises `ValueError` when both arguments are given, or the URL is not one of PostgreSQL's.
    """
    if url is not None and data_dir is not None:
        raise ValueError("give a database URL or a data directory, not both")
    if url is None and data_dir is None:
        url = os.environ.get(URL_VARIABLE) or None
    if url is not None:
        # The message must not repeat the URL: it may hold a password.
        if "=" not in url and not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("the database URL must begin with postgresql://")
        return Database(url=url)
    directory = data_dir or os.environ.get(DATA_DIR_VARIABLE) or None
    return Database(data_dir=Path(directory) if directory else None)


def fetch_networks() -> str:
    """The networks from which calendars are fetched beside public addresses, as a list with commas.

    By LASTSEAT_FETCH_NETWORKS, such as `10.1.0.0/16`; none unless it is set.
    """
    return os.environ.get(FETCH_NETWORKS_VARIABLE, "")


def webhook_networks() -> str:
    """The networks that webhooks may be in beside public addresses, with plain http too; as above.

    By LASTSEAT_WEBHOOK_NETWORKS; none unless it is set.
    """
    return os.environ.get(WEBHOOK_NETWORKS_VARIABLE, "")


class TokenSettings(Struct, frozen=True):
    """Whose signed tokens count, and exactly one way to verify them.

    `key_file`: a public key in PEM, or a JWKS. `secret_file`: a secret shared with the issuer, for
    HS256. `jwks_url`: where the issuer publishes its keys, over https.
    """

    issuer: str
    audience: str
    key_file: Path | None = None
    secret_file: Path | None = None
    jwks_url: str | None = None


def tokens(environment: Mapping[str, str] | None = None) -> TokenSettings | None:
    """What is in force by the variables LASTSEAT_TOKEN_*; None: no token is accepted.

    Raises `ValueError` when they are incomplete or contradict each other. Files are not read here.
    """
    variables = os.environ if environment is None else environment
    issuer, audience, key_file, secret_file, jwks_url = (
        variables.get(name, "").strip()
        for name in (
            TOKEN_ISSUER_VARIABLE,
            TOKEN_AUDIENCE_VARIABLE,
            TOKEN_KEY_FILE_VARIABLE,
            TOKEN_SECRET_FILE_VARIABLE,
            TOKEN_JWKS_URL_VARIABLE,
        )
    )
    ways = [way for way in (key_file, secret_file, jwks_url) if way]
    if not (issuer or audience or ways):
        return None
    if not (issuer and audience):
        missing = TOKEN_AUDIENCE_VARIABLE if issuer else TOKEN_ISSUER_VARIABLE
        raise ValueError(f"{missing} is not set: tokens need an issuer and an audience")
    if len(ways) != 1:
        raise ValueError(
            f"set one of {TOKEN_KEY_FILE_VARIABLE}, {TOKEN_SECRET_FILE_VARIABLE} and"
            f" {TOKEN_JWKS_URL_VARIABLE}: {len(ways)} are set"
        )
    if jwks_url:
        _check_jwks_url(jwks_url)
    return TokenSettings(
        issuer=issuer,
        audience=audience,
        key_file=Path(key_file) if key_file else None,
        secret_file=Path(secret_file) if secret_file else None,
        jwks_url=jwks_url or None,
    )


def _check_jwks_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
        # An impossible port is found when it is asked for.
        _ = parts.port
    except ValueError:
        sound = False
    if not sound:
        # The message does not repeat it: it may hold a password.
        raise ValueError(f"{TOKEN_JWKS_URL_VARIABLE} must be https://, without a user name")
