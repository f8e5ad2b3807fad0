"""A member of the crew that dies of a claim with a certain word in it, as one without memory does."""

from __future__ import annotations

import os
import socket

from gateway.checking import member
from gateway.checking.checker import Checker
from gateway.checking.frames import Question, Said
from gateway.settings import Settings

DEADLY = b"DEADLY"


def serve_questions(channel: socket.socket, settings: Settings) -> None:
    """As the real one, but for that word."""
    answer = member.answer

    def answer_or_die(checker: Checker, question: Question) -> Said:
        if DEADLY in question.body:
            os._exit(9)
        return answer(checker, question)

    member.answer = answer_or_die
    member.serve_questions(channel, settings)
