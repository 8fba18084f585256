"""Whose tokens count, by the environment: complete and unambiguous, or an error that says what."""

from pathlib import Path

import pytest

from lastseat.config import TokenSettings, tokens

BASE = {
    "LASTSEAT_TOKEN_ISSUER": "https://id.example.com/",
    "LASTSEAT_TOKEN_AUDIENCE": "lastseat",
}


def test_without_any_variable_no_token_is_accepted() -> None:
    assert tokens({}) is None
    assert tokens({"LASTSEAT_TOKEN_ISSUER": " "}) is None


def test_the_variables_of_this_process_are_the_ones_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BASE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LASTSEAT_TOKEN_KEY_FILE", "key.pem")
    assert tokens() == TokenSettings("https://id.example.com/", "lastseat", Path("key.pem"))


def test_each_way_to_verify() -> None:
    url = "https://id.example.com/.well-known/jwks.json"
    by_key = tokens(BASE | {"LASTSEAT_TOKEN_KEY_FILE": "/etc/key.pem"})
    by_secret = tokens(BASE | {"LASTSEAT_TOKEN_SECRET_FILE": "/etc/secret"})
    by_url = tokens(BASE | {"LASTSEAT_TOKEN_JWKS_URL": url})
    assert by_key is not None
    assert by_secret is not None
    assert by_url is not None
    assert by_key.key_file == Path("/etc/key.pem")
    assert by_secret.secret_file == Path("/etc/secret")
    assert by_url.jwks_url == url


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        (BASE, "set one of"),
        ({"LASTSEAT_TOKEN_KEY_FILE": "k"}, "LASTSEAT_TOKEN_ISSUER is not set"),
        ({"LASTSEAT_TOKEN_ISSUER": "x"}, "LASTSEAT_TOKEN_AUDIENCE is not set"),
        (
            BASE | {"LASTSEAT_TOKEN_KEY_FILE": "k", "LASTSEAT_TOKEN_SECRET_FILE": "s"},
            "2 are set",
        ),
    ],
)
def test_what_is_incomplete_or_contradictory_is_an_error(
    variables: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        tokens(variables)


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.com/jwks.json",
        "https:///jwks.json",
        "file:///etc/passwd",
        "id.example.com/jwks.json",
        "https://ann:hunter2@id.example.com/jwks.json",
        "https://id.example.com:99999/",
        "https://[bad/",
    ],
)
def test_a_jwks_url_is_https_and_is_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="https") as caught:
        tokens(BASE | {"LASTSEAT_TOKEN_JWKS_URL": url})
    assert "hunter2" not in str(caught.value)
