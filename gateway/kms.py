"""Wrapping keys in a key management service of the AWS kind (`pip install claimwire[kms]`), over HTTPS.

The wrapping key never leaves the service. A data key is sent there once in a process and once when it is
made; its context goes along (the service's encryption context), so that a wrapped key which was moved to
another row does not open. Source: AWS Key Management Service API reference, Encrypt, Decrypt.
"""

from __future__ import annotations

from typing import Any, Final

import boto3  # type: ignore[import-untyped]  # it ships no types
import msgspec
from botocore.config import Config  # type: ignore[import-untyped]  # as above
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # as above

from gateway.sealing import SealBroken
from gateway.store.errors import StoreUnavailable

ATTEMPTS: Final = 3
BROKEN: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
GONE: Final = frozenset({"NotFoundException", "DisabledException", "KMSInvalidStateException"})


class KmsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which wrapping key, and how to reach its service. Credentials are those of the machine."""

    key: str
    region: str = ""
    endpoint: str = ""
    timeout_seconds: float = 5.0


class KmsKeys:
    """The wrapping keys of the service; `key` is the one that is used now."""

    def __init__(self, settings: KmsSettings) -> None:
        self._key = settings.key
        seconds = settings.timeout_seconds
        config = Config(
            connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": ATTEMPTS}
        )
        given = {"region_name": settings.region, "endpoint_url": settings.endpoint}
        self._client = boto3.client(
            "kms", config=config, **{name: value for name, value in given.items() if value}
        )

    @property
    def current(self) -> str:
        return self._key

    def wrap(self, key: bytes, context: str) -> bytes:
        """Encrypt by the service."""
        answer = self._call("encrypt", KeyId=self._key, Plaintext=key, EncryptionContext={"place": context})
        wrapped: bytes = answer["CiphertextBlob"]
        return wrapped

    def unwrap(self, wrapped: bytes, kek: str, context: str) -> bytes:
        """Decrypt by the service."""
        place = {"place": context}
        answer = self._call("decrypt", KeyId=kek, CiphertextBlob=wrapped, EncryptionContext=place)
        key: bytes = answer["Plaintext"]
        return key

    def knows(self, kek: str) -> bool:
        """True where the service has the key and it is switched on."""
        try:
            described = self._call("describe_key", KeyId=kek)
        except SealBroken:
            return False
        enabled: bool = described["KeyMetadata"]["Enabled"]
        return enabled

    def _call(self, operation: str, **given: object) -> dict[str, Any]:
        """Raises SealBroken where the key is gone or does not fit, StoreUnavailable for all else."""
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**given)
        except ClientError as refusal:
            code = str(refusal.response.get("Error", {}).get("Code", ""))
            if code in BROKEN | GONE:
                raise SealBroken(f"the key service does not open it ({code})") from None
            raise StoreUnavailable(f"the key service refuses ({code or 'no code'})") from None
        except BotoCoreError as failure:
            raise StoreUnavailable(f"the key service does not answer ({type(failure).__name__})") from None
        return answer
