"""A member of the crew: a process that checks what it is asked to, until the other end closes."""

from __future__ import annotations

import logging
import signal
import socket

from gateway.checking.checker import Checker, make_checker
from gateway.checking.frames import Question, Said, frame, read_questions, receive_from, write
from gateway.clock import SystemClock
from gateway.logs import log_event, start_logs
from gateway.settings import Settings

EMPTY_CLAIM = b"{}"


def serve_questions(channel: socket.socket, settings: Settings) -> None:
    """Say that it is ready, then answer list after list. Interrupts are for the gateway: it drains first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    start_logs()
    checker = make_checker(settings, SystemClock())
    for tenant in settings.tenants:
        answer(checker, Question(tenant.name, EMPTY_CLAIM))  # compiles guides and rules
    with channel:
        channel.sendall(frame(b""))
        while content := receive_from(channel):
            said = [answer(checker, question) for question in read_questions(content)]
            channel.sendall(frame(write(said)))


def answer(checker: Checker, question: Question) -> Said:
    """What there is to say. A fault of ours is told too: it must not end the process for the others."""
    try:
        return Said(checker.judge(question.tenant, question.body, question.guide))
    except Exception as fault:
        log_event("check.failed", level=logging.ERROR, error=fault, tenant=question.tenant)
        return Said(None, type(fault).__name__)
