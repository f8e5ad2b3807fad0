"""The crew: processes that check claims, so that this one only speaks HTTP and writes.

What waits travels together, a few claims a message, and a member has the next message at hand while it works.
A member that dies is replaced. What it had is asked once more, each claim alone, since one of them may have
killed it; a claim that does so again is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import socket
from collections import deque
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Final

from gateway.checking.checker import Opinion
from gateway.checking.frames import Question, Said, frame, read_said, receive, write
from gateway.checking.member import serve_questions
from gateway.clock import Clock
from gateway.logs import log_event
from gateway.settings import Settings

TOGETHER: Final = 16
AT_HAND: Final = 2  # messages of a member: one it works on, one that waits
LAST_SECONDS: Final = 5.0
RECEIVED_AT_ONCE: Final = 1 << 20  # bytes
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


class _Member:
    """One process, and the messages that it has not answered yet, in their order."""

    def __init__(
        self, process: BaseProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self._reader, self._writer = reader, writer
        self._asked: deque[asyncio.Future[bytes]] = deque()
        self._listening = asyncio.create_task(self._listen())

    async def ask(self, content: bytes) -> bytes:
        """The answer to a message. Raises MemberLost."""
        if self._listening.done():
            raise MemberLost
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._writer.write(frame(content))
        return await answer

    async def _listen(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                content = await receive(self._reader)
                answer = self._asked.popleft()
                if not answer.done():
                    answer.set_result(content)
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(MemberLost())

    async def close(self) -> None:
        """Let it end: it does when nothing can be asked any more."""
        self._writer.close()
        self._listening.cancel()
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
        self._waiting: deque[_Asked] = deque()
        self._suspects: deque[_Asked] = deque()
        self._come = asyncio.Event()
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
        self._waiting.append(asked)
        self._come.set()
        return await asked.answer

    async def _hire(self) -> _Member:
        """A new member, ready. Raises MemberLost."""
        ours, theirs = socket.socketpair()
        process = self._context.Process(target=self._serve, args=(theirs, self._settings))
        await asyncio.to_thread(process.start)
        theirs.close()
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=RECEIVED_AT_ONCE)
        try:
            await receive(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            raise MemberLost("a process that checks claims did not start") from None
        member = _Member(process, reader, writer)
        self._members.append(member)
        return member

    async def _keep(self, member: _Member) -> None:
        """Have the member work, and those that take its place."""
        while True:
            try:
                await self._clear_suspects(member)
                async with asyncio.TaskGroup() as conversations:
                    for _ in range(AT_HAND):
                        conversations.create_task(self._converse(member))
            except* MemberLost:
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

    async def _converse(self, member: _Member) -> None:
        """Ask message after message. Raises MemberLost."""
        while True:
            questions = await self._take()
            try:
                answer = await member.ask(write([asked.question for asked in questions]))
            except (MemberLost, asyncio.CancelledError):
                self._suspects += questions
                raise
            for asked, said in zip(questions, read_said(answer), strict=True):
                asked.settle(said)

    async def _clear_suspects(self, member: _Member) -> None:
        """Ask one by one what a lost member had. Raises MemberLost; the claim that did it is refused."""
        while self._suspects:
            asked = self._suspects.popleft()
            try:
                [said] = read_said(await member.ask(write([asked.question])))
            except MemberLost:
                asked.settle(Said(None, MemberLost.__name__))
                raise
            asked.settle(said)

    async def _take(self) -> list[_Asked]:
        """What waits, a fair share of it."""
        while not self._waiting:
            self._come.clear()
            await self._come.wait()
        share = min(TOGETHER, -(-len(self._waiting) // (self._size * AT_HAND)))
        return [self._waiting.popleft() for _ in range(share)]
