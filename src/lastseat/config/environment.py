"""The settings that are no options of a command: read from the environment where they are used.

A configuration file sets variables, too (file.py), so that all are found the same way.
"""

from typing import NamedTuple

from lastseat.config import (
    DATA_DIR_VARIABLE,
    FETCH_NETWORKS_VARIABLE,
    TOKEN_AUDIENCE_VARIABLE,
    TOKEN_ISSUER_VARIABLE,
    TOKEN_JWKS_URL_VARIABLE,
    TOKEN_KEY_FILE_VARIABLE,
    TOKEN_SECRET_FILE_VARIABLE,
    URL_VARIABLE,
    WEBHOOK_NETWORKS_VARIABLE,
)


class Variable(NamedTuple):
    """One setting. `flag`: the option that counts more than it; `unset`: what holds without it."""

    name: str
    means: str
    unset: str = ""
    flag: str = ""
    secret: bool = False


VARIABLES = (
    Variable(URL_VARIABLE, "The PostgreSQL server, as a URL.", "the embedded server", "--url",
             secret=True),
    Variable(DATA_DIR_VARIABLE, "Where the embedded server keeps its data.",
             "/var/lib/lastseat for root, else the user's data directory", "--data-dir"),
    Variable("LASTSEAT_PG_BIN",
             "A directory with PostgreSQL's programs, instead of those that come along."),
    Variable("LASTSEAT_DB_ACCOUNT", "The account that the embedded server runs as under root.",
             "postgres, else nobody"),
    Variable("LASTSEAT_CACHE_DIR", "Where programs that this account can't read are copied to.",
             "/var/cache/lastseat"),
    Variable(TOKEN_ISSUER_VARIABLE, "Who signs people's tokens: their `iss`.", "none count"),
    Variable(TOKEN_AUDIENCE_VARIABLE, "Whom the tokens are for: their `aud`."),
    Variable(TOKEN_KEY_FILE_VARIABLE, "The issuer's public key: a file, PEM or JWKS."),
    Variable(TOKEN_SECRET_FILE_VARIABLE, "A file with the secret shared with the issuer, HS256."),
    Variable(TOKEN_JWKS_URL_VARIABLE, "Where the issuer publishes its keys, by https."),
    Variable("CRON_SECRET", "What `GET /api/cron/cleanup-reservations` wants as a bearer.",
             "the route is not there", secret=True),
    Variable("LASTSEAT_CLEANUP_LAG_SECONDS",
             "How far what happens by itself may lag before the health checks say 503.", "120"),
    Variable(FETCH_NETWORKS_VARIABLE,
             "Networks that calendars are fetched from beside public addresses, with commas.",
             "none"),
    Variable(WEBHOOK_NETWORKS_VARIABLE,
             "Networks that webhooks may be in beside public addresses, with commas.", "none"),
)  # fmt: skip
