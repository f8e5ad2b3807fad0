"""What goes between the gateway and a member of its crew: frames of a length (4 bytes) and msgpack."""

from __future__ import annotations

import socket
from typing import Final

import msgspec

from gateway.checking.checker import Opinion

LENGTH_BYTES: Final = 4


class Question(msgspec.Struct, frozen=True, array_like=True):
    """A posted body of a tenant, and the guide that it is checked by, where it does not say itself."""

    tenant: str
    body: bytes
    guide: str | None = None


class Said(msgspec.Struct, frozen=True, array_like=True):
    """The opinion of one body, or the kind of the fault of ours that it brought to light."""

    opinion: Opinion | None
    fault: str = ""


write = msgspec.msgpack.Encoder().encode
read_questions = msgspec.msgpack.Decoder(list[Question]).decode
read_said = msgspec.msgpack.Decoder(list[Said]).decode


def frame(content: bytes) -> bytes:
    """The content with its length before it."""
    return len(content).to_bytes(LENGTH_BYTES) + content


class Unframer:
    """The contents of frames that come in pieces."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """The contents that are whole with this piece."""
        received, found, at = self._received, [], 0
        received += piece
        while len(received) - at >= LENGTH_BYTES:
            start = at + LENGTH_BYTES
            end = start + int.from_bytes(received[at:start])
            if len(received) < end:
                break
            found.append(bytes(received[start:end]))
            at = end
        del received[:at]
        return found


def receive_from(channel: socket.socket) -> bytes:
    """The content of the next frame, b"" at the end."""
    length = _receive_exactly(channel, LENGTH_BYTES)
    return _receive_exactly(channel, int.from_bytes(length)) if length else b""


def _receive_exactly(channel: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        piece = channel.recv(min(1 << 20, size - len(received)))
        if not piece:
            return b""
        received += piece
    return bytes(received)
