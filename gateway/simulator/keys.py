"""SSH keys for the simulator and the demo: made on the spot, kept in a file only the owner can read."""

from __future__ import annotations

import os
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def load_or_create_key(place: Path) -> paramiko.PKey:
    """The Ed25519 key at `place`, made there (mode 600) where the file does not exist."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text)
    return paramiko.Ed25519Key.from_private_key_file(str(place))


def public_line(key: paramiko.PKey) -> str:
    """The key's public half as one line of an authorized_keys or known_hosts file."""
    return f"{key.get_name()} {key.get_base64()}"
