"""The demo's receiver takes what the gateway signed, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from standardwebhooks import Webhook

from gateway.clock import VirtualClock
from gateway.demo.receiver import Receiver, is_genuine
from gateway.signatures import write_headers, write_secret

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
BODY = b'{"id": "evt_1", "type": "claim.paid", "data": {"claim": "clm_1"}}'


def test_what_the_gateway_signs_is_genuine() -> None:
    secret, older = write_secret(), write_secret()
    assert is_genuine(secret, write_headers([secret], "msg_1", NOW, BODY), BODY, NOW)
    assert is_genuine(older, write_headers([secret, older], "msg_1", NOW, BODY), BODY, NOW)


def test_what_the_standard_library_of_webhooks_signs_is_genuine() -> None:
    secret = write_secret()
    signature = Webhook(secret).sign("msg_1", NOW, BODY.decode())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": signature,
    }
    assert is_genuine(secret, headers, BODY, NOW)


@pytest.mark.parametrize(
    ("changes", "body", "after"),
    [
        ({"webhook-signature": "v1,AAAA"}, BODY, 0),
        ({"webhook-signature": ""}, BODY, 0),
        ({"webhook-id": "msg_2"}, BODY, 0),
        ({"webhook-timestamp": ""}, BODY, 0),
        ({"webhook-timestamp": "-1"}, BODY, 0),
        ({"webhook-timestamp": "1762075801"}, BODY, 0),
        ({}, BODY.replace(b"paid", b"void"), 0),
        ({}, BODY, 301),
        ({}, BODY, -301),
    ],
)
def test_what_was_changed_or_is_old_is_not(changes: dict[str, str], body: bytes, after: int) -> None:
    secret = write_secret()
    headers = write_headers([secret], "msg_1", NOW, BODY) | changes
    assert not is_genuine(secret, headers, body, NOW + timedelta(seconds=after))


def test_another_secret_makes_no_genuine_signature() -> None:
    assert not is_genuine(write_secret(), write_headers([write_secret()], "msg_1", NOW, BODY), BODY, NOW)


async def test_the_receiver_counts_each_event_once_and_refuses_what_is_not_signed() -> None:
    receiver = Receiver(VirtualClock(0.0, NOW))
    receiver.secret = write_secret()
    url = await receiver.start()
    headers = write_headers([receiver.secret], "msg_1", NOW, BODY)
    forged = write_headers([write_secret()], "msg_1", NOW, BODY)
    async with aiohttp.ClientSession() as session:
        statuses = []
        for sent in (headers, headers, forged):
            async with session.post(url, data=BODY, headers=sent) as response:
                statuses.append(response.status)
    await receiver.stop()
    assert statuses == [204, 204, 401]
    assert receiver.by_claim == {"clm_1": 1}
    assert (receiver.repeated, receiver.refused) == (1, 1)
