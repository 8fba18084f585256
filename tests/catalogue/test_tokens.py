"""Cancellation tokens: signed by the tenant's secret, which is drawn once, for no other booking."""

import asyncio

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lastseat.catalogue import tokens

A = "01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b11"
B = "01936b2c-5d1e-7c3a-9f00-3a5c0e6d7b12"
SECRET = b"s" * 32


@pytest.mark.parametrize("tenant", ["studio", "a.b/c d", "ü" * 200, "🎿", "=" * 7])
def test_a_token_says_and_proves_whose_booking_it_is(tenant: str) -> None:
    said = tokens.parse(tokens.sign(SECRET, tenant, A))
    assert said is not None
    assert (said.tenant_id, said.booking_id) == (tenant, A)
    assert tokens.proves(SECRET, said)
    assert not tokens.proves(b"t" * 32, said)


def test_a_token_proves_nothing_about_another_booking_or_tenant() -> None:
    said = tokens.parse(tokens.sign(SECRET, "studio", A))
    assert said is not None
    for other in (
        tokens.Token("studio", B, said.mac),
        tokens.Token("annex", A, said.mac),
        tokens.Token("studio", A, said.mac[:-1]),
        tokens.Token("studio", A, ""),
    ):
        assert not tokens.proves(SECRET, other)


@given(st.text(max_size=200))
@example("a.b.c")
@example(f"_w.{A}." + "A" * 43)
@example(f"AA.{A}." + "A" * 43)
@example(f"A.{A}." + "A" * 43)
def test_no_text_is_taken_for_a_proof(text: str) -> None:
    said = tokens.parse(text)
    assert said is None or not tokens.proves(SECRET, said)


def test_the_secret_is_drawn_once_whoever_asks_first(conninfo: str, tenant_id: str) -> None:
    async def drawn() -> bytes:
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as one:
            return await tokens.secret_for_signing(one, tenant_id)

    async def together() -> set[bytes]:
        return set(await asyncio.gather(*(drawn() for _ in range(8))))

    (secret,) = asyncio.run(together())
    assert len(secret) == 32

    async def asked(tenant: str) -> bytes | None:
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as one:
            return await tokens.secret_of(one, tenant)

    assert asyncio.run(asked(tenant_id)) == secret
    assert asyncio.run(asked(f"{tenant_id}-other")) is None, "asking draws none"
