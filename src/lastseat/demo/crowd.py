"""The crowd: several processes of bookers, sent off at one word, and what they come back with.

The processes share nothing but the service. They line up (started, connected), wait for the word,
and then every booker goes at once. What one of them does is in bookers.py.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec

import lastseat
from lastseat.demo.errand import GO, READY, Errand, Tried, Try, line
from lastseat.demo.week import Goal

START_SECONDS = 60
"""How long the processes may take to line up."""

RUSH_SECONDS = 120
"""How long the rush may take; without trouble it is a second."""

LONGEST_LINE = 2**26
"""Bytes that a process may answer."""


class CrowdFailed(lastseat.LastseatError):
    """A process of the crowd ended, or did not answer: not a refusal but a broken demonstration."""


def rush(url: str, key: str, goal: Goal, people: Sequence[str], n: int) -> list[Try]:
    """Send `people` from `n` processes to the service at once; every attempt with its answer.

    Raises `CrowdFailed` when a process did not come through.
    """
    wanted = [(who, goal.lanes[i % len(goal.lanes)]) for i, who in enumerate(people)]
    errands = [Errand(url, key, goal, tuple(wanted[i::n])) for i in range(n) if wanted[i::n]]
    return asyncio.run(_rush(errands))


async def _rush(errands: Sequence[Errand]) -> list[Try]:
    async with _processes(errands) as crowd:
        async with _at_most(START_SECONDS):
            for process in crowd:
                said = await _read(process)
                if said != READY:
                    raise CrowdFailed(str(_tried(said).failure))
        for process in crowd:
            await _write(process, GO)
        async with _at_most(RUSH_SECONDS):
            answers = [_tried(await _read(process)) for process in crowd]
    for answer in answers:
        if answer.failure is not None:
            raise CrowdFailed(answer.failure)
    return [attempt for answer in answers for attempt in answer.tries]


@asynccontextmanager
async def _at_most(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise CrowdFailed(
            f"a process of the crowd did not answer for {seconds} s: is the machine overloaded?"
        ) from None


def _tried(said: bytes) -> Tried:
    return msgspec.json.decode(said, type=Tried)


async def _read(process: Process) -> bytes:
    assert process.stdout is not None
    said = await process.stdout.readline()
    if not said.endswith(b"\n"):
        raise CrowdFailed("a process of the crowd ended before its time")
    return said


async def _write(process: Process, message: bytes) -> None:
    assert process.stdin is not None
    # One that is gone is met when its answer is read.
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(message)
        await process.stdin.drain()


@asynccontextmanager
async def _processes(errands: Sequence[Errand]) -> AsyncIterator[list[Process]]:
    """A process for each errand, with the errand in its hands; ended whatever happens."""
    crowd: list[Process] = []
    try:
        for errand in errands:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # The working directory may have any file in it, a typing.py too.
                "-m",
                "lastseat.demo.bookers",
                stdin=PIPE,
                stdout=PIPE,
                limit=LONGEST_LINE,
                # Ctrl-C is for us alone, and we end them.
                process_group=0,
            )
            crowd.append(process)
            await _write(process, line(errand))
        yield crowd
    finally:
        for process in crowd:
            if process.stdin is not None:
                process.stdin.close()
        for process in crowd:
            await _end(process)


async def _end(process: Process) -> None:
    """Without stdin it ends by itself, its connections closed; without patience otherwise."""
    try:
        async with asyncio.timeout(2):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
