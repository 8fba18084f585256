"""An engine opened before a fork refuses to work after it, instead of waiting for ever.

In a program of its own, since a test runner with threads is nothing to fork.
"""

import subprocess
import sys

import pytest

CHILD_EXIT_CODES = {0: "ForkedEngine", 1: "something else", 2: "no error"}

SYNC = """
import os, signal, sys
import lastseat

def refused(function):
    try:
        function()
    except lastseat.ForkedEngine:
        return 0
    except BaseException:
        return 1
    return 2

engine = lastseat.open(sys.argv[1], migrate=False)
tenant = engine.tenant(sys.argv[2])
tenant.cancel("nowhere", actor="nobody")
child = os.fork()
if child == 0:
    signal.alarm(10)
    book, look = lambda: tenant.book("gala", actor="ann"), lambda: tenant.roster("gala")
    os._exit(max(refused(book), refused(look)))
_, status = os.waitpid(child, 0)
assert tenant.cancel("nowhere", actor="nobody").code == "unknown_bookable", "the parent goes on"
engine.close()
sys.exit(os.waitstatus_to_exitcode(status))
"""

ASYNC = """
import asyncio, os, signal, sys
import lastseat

async def refused(tenant):
    for call in (lambda: tenant.book("gala", actor="ann"), lambda: tenant.roster("gala")):
        try:
            await call()
        except lastseat.ForkedEngine:
            continue
        except BaseException:
            return 1
        return 2
    return 0

async def main():
    async with lastseat.open_async(sys.argv[1], migrate=False) as engine:
        tenant = engine.tenant(sys.argv[2])
        await tenant.cancel("nowhere", actor="nobody")
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            os._exit(await refused(tenant))
        _, status = os.waitpid(child, 0)
        outcome = await tenant.cancel("nowhere", actor="nobody")
        assert outcome.code == "unknown_bookable", "the parent goes on"
    return os.waitstatus_to_exitcode(status)

sys.exit(asyncio.run(main()))
"""


@pytest.mark.parametrize("program", [SYNC, ASYNC], ids=["sync", "async"])
def test_a_forked_engine_refuses_and_its_parent_goes_on(
    conninfo: str, tenant_id: str, program: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program, conninfo, tenant_id],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert CHILD_EXIT_CODES.get(done.returncode) == "ForkedEngine", done.stderr
