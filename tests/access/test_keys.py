"""The texts of API keys: random, recognisable, and never shown by accident."""

import hashlib

import pytest

from lastseat.access import keys


@pytest.mark.parametrize(("publishable", "prefix"), [(False, "ls_sk_"), (True, "ls_pk_")])
def test_a_key_is_read_back_as_what_it_was_made(publishable: bool, prefix: str) -> None:
    for _ in range(200):
        made = keys.mint(publishable=publishable)
        assert made.text.startswith(prefix)
        read = keys.read(made.text)
        assert read == keys.ReadKey(made.key_id, publishable, made.hash)
        assert made.hash == hashlib.sha256(made.text.encode()).digest()


def test_no_two_keys_share_anything() -> None:
    made = [keys.mint(publishable=False) for _ in range(500)]
    assert len({x.key_id for x in made}) == len({x.text[-43:] for x in made}) == 500


def test_a_key_is_not_in_what_is_printed_of_it() -> None:
    made = keys.mint(publishable=False)
    assert made.text[-43:] not in f"{made!r} {made} {[made]}"


GOOD = "ls_sk_" + "8f" * 16 + "_" + "aB3-" * 10 + "xyA"
"""Not drawn: what the tests below are called must not change from run to run."""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ls_sk_",
        GOOD[:-1],
        GOOD + "x",
        GOOD + "\n",
        " " + GOOD,
        GOOD.upper(),
        GOOD.replace("ls_sk_", "ls_xx_"),
        GOOD[:-1] + "é",
        GOOD[:-1] + "/",
        GOOD.replace(GOOD[6], "g", 1),
        "ls_sk_" + "٣" * 32 + "_" + "a" * 43,
        "x" * 100_000,
    ],
)
def test_what_does_not_have_the_form_is_no_key(text: str) -> None:
    assert keys.read(GOOD) is not None
    assert keys.read(text) is None
