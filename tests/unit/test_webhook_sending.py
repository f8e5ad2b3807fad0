"""Webhooks are signed as Standard Webhooks says, retried by the table, never sent into our own network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp.web
import pytest
import standardwebhooks

from gateway.hook_schedule import HookAnswer, Outcome, load_schedule, plan_step
from gateway.outbound import HookClient, is_public, judge_url
from gateway.signatures import sign, write_headers, write_secret

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BAD_URLS = [
    "http://example.com/",
    "ftp://example.com/",
    "https://",
    "https://user:word@example.com/",
    "https://a/#b",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://localhost/",
    "https://printer.local/",
    "https://a b/",
    "https://example.com:99999/",
    "https://example.com:0/",
    "//example.com",
    "",
    "https://" + "a" * 3000 + ".com",
]
BODY = b'{"type":"claim.paid"}'


def test_the_reference_library_accepts_our_signature() -> None:
    secret, now = write_secret(), datetime.now(UTC)
    headers = write_headers([secret], "evt_01", now, BODY)
    assert standardwebhooks.Webhook(secret).verify(BODY, headers) == {"type": "claim.paid"}


def test_during_a_rotation_old_and_new_secret_both_verify() -> None:
    old, new = write_secret(), write_secret()
    headers = write_headers([new, old], "evt_01", datetime.now(UTC), BODY)
    for secret in (old, new):
        standardwebhooks.Webhook(secret).verify(BODY, headers)


def test_another_body_or_secret_does_not_verify() -> None:
    secret = write_secret()
    headers = write_headers([secret], "evt_01", datetime.now(UTC), BODY)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret).verify(BODY + b" ", headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(write_secret()).verify(BODY, headers)


def test_the_signature_is_that_of_the_reference_library() -> None:
    secret = write_secret()
    assert sign(secret, "evt_01", int(NOW.timestamp()), BODY) == standardwebhooks.Webhook(secret).sign(
        "evt_01", NOW, BODY.decode()
    )


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_success_is_delivered(status: int) -> None:
    assert plan_step(HookAnswer(status), 1, NOW, None, 0.0).outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    "answer", [HookAnswer(500), HookAnswer(302), HookAnswer(400), HookAnswer(None, failure="tls")]
)
def test_anything_else_waits_as_the_table_says(answer: HookAnswer) -> None:
    waits = [
        plan_step(answer, attempt, NOW, NOW, 0.0).due for attempt in range(1, len(load_schedule().delays))
    ]
    assert [(due - NOW).total_seconds() for due in waits if due] == list(load_schedule().delays[1:])


def test_after_the_last_delay_a_delivery_is_given_up_but_its_endpoint_stays() -> None:
    step = plan_step(HookAnswer(500), len(load_schedule().delays), NOW, NOW, 0.0)
    assert (step.outcome, step.disable) == (Outcome.FAILED, False)


def test_gone_switches_the_endpoint_off() -> None:
    step = plan_step(HookAnswer(410), 1, NOW, None, 0.0)
    assert (step.outcome, step.disable) == (Outcome.FAILED, True)


def test_an_endpoint_that_fails_for_days_is_switched_off() -> None:
    since = NOW - timedelta(seconds=load_schedule().disable_after_seconds)
    assert plan_step(HookAnswer(500), 2, NOW, since, 0.0).disable


def test_retry_after_is_honoured_within_bounds() -> None:
    patient = plan_step(HookAnswer(429, retry_after=600.0), 1, NOW, None, 0.0)
    endless = plan_step(HookAnswer(503, retry_after=1e9), 1, NOW, None, 0.0)
    assert patient.due == NOW + timedelta(seconds=600)
    assert endless.due == NOW + timedelta(seconds=load_schedule().longest_wait)


def test_chance_spreads_retries_and_never_shortens_them() -> None:
    latest = plan_step(HookAnswer(500), 2, NOW, None, 1.0).due
    assert latest == NOW + timedelta(seconds=330)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.9",
        "172.16.4.4",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378::1",
        "192.0.0.1",
        "198.18.0.1",
    ],
)
def test_addresses_of_our_own_network_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    BAD_URLS,
)
def test_an_address_that_webhooks_may_not_go_to_is_refused(url: str) -> None:
    assert judge_url(url, allow_private=False)


def test_a_public_https_address_is_taken_and_the_demo_may_use_loopback() -> None:
    assert judge_url("https://example.com:8443/hooks?a=1", allow_private=False) is None
    assert judge_url("http://127.0.0.1:9000/", allow_private=True) is None


class Receiver:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.url = ""

    async def answer(self, request: aiohttp.web.Request) -> aiohttp.web.Response:
        self.seen.append(request.path)
        if request.path == "/redirect":
            return aiohttp.web.Response(status=302, headers={"Location": self.url + "/secret"})
        if request.path == "/busy":
            return aiohttp.web.Response(status=503, headers={"Retry-After": "7"})
        return aiohttp.web.Response(status=200)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = aiohttp.web.Application()
    app.router.add_post("/{tail:.*}", receiver.answer)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield receiver
    await runner.cleanup()


def client(*, allow_private: bool, timeout_seconds: float = 5.0) -> HookClient:
    return HookClient(timeout_seconds=timeout_seconds, allow_private=allow_private, connections=4)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_a_private_address_is_refused_at_the_socket(receiver: Receiver, host: str) -> None:
    async with client(allow_private=False) as hooks:
        answer = await hooks.post(receiver.url.replace("127.0.0.1", host), {}, BODY)
    assert (answer, receiver.seen) == (HookAnswer(None, failure="private_address"), [])


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    async with client(allow_private=True) as hooks:
        answer = await hooks.post(receiver.url + "/redirect", {}, BODY)
    assert (answer.status, receiver.seen) == (302, ["/redirect"])


async def test_the_wait_that_a_receiver_asks_for_is_read(receiver: Receiver) -> None:
    async with client(allow_private=True) as hooks:
        assert await hooks.post(receiver.url + "/busy", {}, BODY) == HookAnswer(503, retry_after=7.0)


async def test_a_receiver_that_is_not_there_is_a_failure_and_no_exception(unused_tcp_port: int) -> None:
    async with client(allow_private=True) as hooks:
        answer = await hooks.post(f"http://127.0.0.1:{unused_tcp_port}/", {}, BODY)
    assert answer == HookAnswer(None, failure="connection")
