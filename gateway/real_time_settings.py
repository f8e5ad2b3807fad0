"""Settings of a partner that answers in real time: where it listens, who we are to it, how long it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from gateway.secret_references import SecretReference
from gateway.settings_parts import Count, Section

Positive = Annotated[float, msgspec.Meta(gt=0)]
Party = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]


class HttpsRoute(Section, frozen=True, kw_only=True):
    """An address over HTTPS. `ca_file` holds the authorities to trust instead of the system's; `certificate`
    and `certificate_key` are ours (PEM), for partners that know us by them.
    """

    url: str
    ca_file: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    certificate_passphrase: SecretReference | None = None
    answer_limit: Count = 8 * 1024 * 1024


class RestRoute(HttpsRoute, frozen=True, kw_only=True, tag_field="kind", tag="rest"):
    """Inquiries as raw X12, or as a text in a JSON object; an API key, OAuth client credentials, or both."""

    form: Literal["x12", "json"] = "x12"
    media: str = "application/edi-x12"
    question_field: str = "x12"
    answer_field: str = "x12"
    key: SecretReference | None = None
    key_header: str = "Authorization"
    key_prefix: str = ""
    token_url: str | None = None
    client_id: str = ""
    client_secret: SecretReference | None = None
    token_scope: str = ""
    client_way: Literal["basic", "body"] = "basic"

    def __post_init__(self) -> None:
        if self.token_url is not None and (not self.client_id or self.client_secret is None):
            raise ValueError("token_url needs client_id and client_secret")


class CoreRoute(HttpsRoute, frozen=True, kw_only=True, tag_field="kind", tag="core"):
    """CAQH CORE Connectivity vC2.2.0; `sender` and `receiver` are SenderID and ReceiverID as agreed."""

    sender: Party
    receiver: Party
    binding: Literal["soap", "mime"] = "soap"
    username: str | None = None
    password: SecretReference | None = None

    def __post_init__(self) -> None:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is None and self.certificate is None:
            raise ValueError("username with password, or a certificate is required")


class RealTimeSettings(Section, frozen=True, kw_only=True):
    """How a partner is asked in real time.

    A client hears within `answer_seconds` (CAQH CORE: 20). The partner may take `reply_seconds`; an answer
    after the client's is kept and told as an event. Without any, the inquiry is sent again under its own id
    after `resend_seconds` (90 at least), up to `resends` times. `cache_seconds` is how old an answer may be
    that stands for a new one, by payer; without it every inquiry is sent.
    """

    route: RestRoute | CoreRoute
    answer_seconds: Positive = 20.0
    reply_seconds: Positive = 60.0
    resend_seconds: Annotated[float, msgspec.Meta(ge=90)] = 90.0
    resends: Annotated[int, msgspec.Meta(ge=0, le=5)] = 5
    cache_seconds: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = {}

    def __post_init__(self) -> None:
        if self.reply_seconds >= self.resend_seconds:
            raise ValueError(
                "reply_seconds is shorter than resend_seconds, or two would be under way at once"
            )
