"""Places: so many of all, so many of one tenant, and who waits comes in turn."""

from __future__ import annotations

import asyncio

from gateway.places import Places


async def test_a_tenant_that_has_all_of_its_places_leaves_those_of_others_free() -> None:
    places = Places(every=4, of_tenant=2)
    async with places.hold("noisy"), places.hold("noisy"):
        assert places.is_full("noisy")
        assert not places.is_full("quiet")
        async with places.hold("quiet"), places.hold("other"):
            assert places.is_full("third")
    assert not places.is_full("noisy")


async def test_who_waits_gets_a_place_in_turn_and_one_that_gave_up_gets_none() -> None:
    places, came, may_leave = Places(every=1, of_tenant=1), list[str](), asyncio.Event()

    async def come(tenant: str, name: str) -> None:
        async with places.hold(tenant):
            came.append(name)
            await may_leave.wait()

    waiting = [
        asyncio.create_task(come(tenant, name))
        for tenant, name in (("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("a", "a4"))
    ]
    await asyncio.sleep(0)
    assert came == ["a1"]
    waiting[2].cancel()
    await asyncio.sleep(0)
    may_leave.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert came == ["a1", "a2", "b1", "a4"]
    assert not places.is_full("a")
