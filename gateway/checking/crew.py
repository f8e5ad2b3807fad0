"""The crew: processes that check claims, so that this one only speaks HTTP and writes.

What waits travels together, a few claims a message, tenants in turn, and a member has the next message at
hand while it works. A member that dies is replaced. What it had is asked once more, each claim alone, since
one of them may have killed it; a claim that does so again is refused.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import socket
from collections import deque
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any, Final, cast

from gateway.checking.checker import Opinion
from gateway.checking.frames import Question, Said, Unframer, frame, read_said, write
from gateway.checking.member import serve_questions
from gateway.checking.turns import Turns
from gateway.clock import Clock
from gateway.logs import log_event
from gateway.settings import Settings

TOGETHER: Final = 8
AT_HAND: Final = 2  # messages of a member: one it works on, one that waits
LAST_SECONDS: Final = 5.0
PAUSE: Final = 1.0  # seconds before a member that did not start is started again
PRELOADED: Final = ["gateway.checking.member"]


Serve = Callable[[socket.socket, Settings], None]
"""What a member does: answer, on its end of the channel, until the other end closes."""


class CheckFailed(Exception):
    """A fault of ours stopped the check of a claim; the log of the member says more."""


class MemberLost(Exception):
    """A member ended before it had answered."""


class _Asked:
    """A question with who waits for its answer."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.answer: asyncio.Future[Opinion] = asyncio.get_running_loop().create_future()

    def settle(self, said: Said) -> None:
        """Answer, unless nobody waits any more."""
        if self.answer.done():
            return
        if said.opinion is not None:
            self.answer.set_result(said.opinion)
        else:
            self.answer.set_exception(CheckFailed(said.fault))


class _Member(asyncio.Protocol):
    """One process, and the messages that it has not answered yet, in their order.

    `freed` is called whenever it has answered one. `lost` is set once it can answer no more.
    """

    def __init__(self, process: BaseProcess, freed: Callable[[], None]) -> None:
        self.process = process
        self.ready = asyncio.Event()
        self.lost = asyncio.Event()
        self.trusted = False
        """True where it may get what waits: it has answered what a lost one had."""
        self._freed = freed
        self._asked: deque[list[_Asked]] = deque()
        self._frames = Unframer()
        self._transport: asyncio.WriteTransport | None = None

    @property
    def is_free(self) -> bool:
        """True where it may get another message."""
        return self.trusted and len(self._asked) < AT_HAND and not self.lost.is_set()

    def ask(self, asked: list[_Asked]) -> None:
        """Send it a message."""
        self._asked.append(asked)
        if self._transport is not None:
            self._transport.write(frame(write([it.question for it in asked])))

    def give_back(self) -> list[_Asked]:
        """What it was asked and has not answered."""
        left = [it for asked in self._asked for it in asked]
        self._asked.clear()
        return left

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The channel is open; the member says itself when it is ready."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is one by its manners alone

    def data_received(self, data: bytes) -> None:
        """Settle what was answered. The first frame is empty: the member is ready."""
        for content in self._frames.feed(data):
            if not self.ready.is_set():
                self.ready.set()
                continue
            for asked, said in zip(self._asked.popleft(), read_said(content), strict=True):
                asked.settle(said)
        self._freed()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, or was told to."""
        self.lost.set()

    async def close(self) -> None:
        """Let it end: it does when nothing can be asked any more."""
        if self._transport is not None:
            self._transport.close()
        await asyncio.to_thread(self.process.join, LAST_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            await asyncio.to_thread(self.process.join)


class Crew:
    """So many processes that judge posted bodies; `start` it before, `close` it after."""

    def __init__(self, settings: Settings, clock: Clock, size: int, serve: Serve = serve_questions) -> None:
        self._clock = clock
        self._settings = settings
        self._serve = serve
        self._size = size
        self._waiting: Turns[_Asked] = Turns()
        self._sharing = False
        self._suspects: deque[_Asked] = deque()
        self._work: list[asyncio.Task[None]] = []
        self._members: list[_Member] = []
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)

    @property
    def processes(self) -> list[BaseProcess]:
        """Those that are at work."""
        return [member.process for member in self._members]

    async def start(self) -> None:
        """Start every member; they are ready then. Raises MemberLost where one does not start."""
        started = await asyncio.gather(*(self._hire() for _ in range(self._size)), return_exceptions=True)
        failed = [it for it in started if isinstance(it, BaseException)]
        if failed:
            await self.close()
            raise failed[0]
        self._work = [asyncio.create_task(self._keep(member)) for member in list(self._members)]

    async def close(self) -> None:
        """Ask no more, and let the members end."""
        for work in self._work:
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await asyncio.gather(*(member.close() for member in self._members))
        self._members.clear()

    async def judge(self, tenant: str, body: bytes, guide: str | None = None) -> Opinion:
        """What there is to say of a body. Raises CheckFailed."""
        asked = _Asked(Question(tenant, body, guide))
        self._waiting.add(tenant, asked)
        self._share_soon()
        return await asked.answer

    def _share_soon(self) -> None:
        """Give out what waits, once all that came in this turn of the event loop is there."""
        if not self._sharing:
            self._sharing = True
            asyncio.get_running_loop().call_soon(self._share)

    def _share(self) -> None:
        """Give what waits to the members that are free, to each a fair share."""
        self._sharing = False
        while self._waiting and (free := [member for member in self._members if member.is_free]):
            for member in free:
                share = min(TOGETHER, -(-len(self._waiting) // (self._size * AT_HAND)))
                if taken := self._waiting.take(share):
                    member.ask(taken)

    async def _hire(self) -> _Member:
        """A new member, ready. Raises MemberLost."""
        ours, theirs = socket.socketpair()
        process = self._context.Process(target=self._serve, args=(theirs, self._settings))
        await asyncio.to_thread(process.start)
        theirs.close()
        loop, member = asyncio.get_running_loop(), _Member(process, self._share_soon)
        transport, _ = await loop.create_unix_connection(lambda: member, sock=ours)
        if await _find_first(member.ready, member.lost) is member.lost:
            transport.close()
            raise MemberLost("a process that checks claims did not start")
        self._members.append(member)
        return member

    async def _keep(self, member: _Member) -> None:
        """Have the member work, and those that take its place."""
        while True:
            try:
                await self._clear_suspects(member)
                member.trusted = True
                self._share_soon()
                await member.lost.wait()
            except MemberLost:
                pass  # by a claim that a lost one had
            self._suspects += member.give_back()
            log_event("crew.member_lost", level=logging.ERROR, worker=member.process.pid)
            self._members.remove(member)
            await member.close()
            member = await self._replace()

    async def _replace(self) -> _Member:
        while True:
            try:
                return await self._hire()
            except (MemberLost, OSError) as failure:
                log_event("crew.not_started", level=logging.ERROR, error=failure)
                await self._clock.sleep(PAUSE)

    async def _clear_suspects(self, member: _Member) -> None:
        """Ask one by one what a lost member had. Raises MemberLost; the claim that did it is refused."""
        while self._suspects:
            asked = self._suspects.popleft()
            if asked.answer.done():  # nobody waits for it any more
                continue
            member.ask([asked])
            lost = asyncio.ensure_future(member.lost.wait())
            waits: set[asyncio.Future[Any]] = {asked.answer, lost}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            lost.cancel()
            if not asked.answer.done():
                member.give_back()
                asked.settle(Said(None, MemberLost.__name__))
                raise MemberLost


async def _find_first(*events: asyncio.Event) -> asyncio.Event:
    """The one of the events that is set first."""
    waits = {asyncio.ensure_future(event.wait()): event for event in events}
    done, left = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for waiting in left:
        waiting.cancel()
    return waits[done.pop()]
