"""The payer directory over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web

from gateway.api.bodies import write_json
from gateway.api.call import Call
from gateway.api.payer_shapes import AliasShown, PayerPage, PayerQuery, PayerShown
from gateway.api.problem import refuse_missing
from gateway.directory import Directory, Payer


async def list_payers(call: Call) -> web.Response:
    """GET /v1/payers."""
    query = call.query(PayerQuery)
    found = [
        payer
        for payer in search(call, call.services.directory.directory(), query.search)
        if payer.id > query.after
    ]
    page = found[: query.limit]
    last = page[-1].id if len(found) > len(page) else None
    return write_json(PayerPage(items=[show(call, payer) for payer in page], next=last))


async def show_payer(call: Call) -> web.Response:
    """GET /v1/payers/{payer}."""
    directory, wanted = call.services.directory.directory(), call.request.match_info["payer"]
    named = directory.find(wanted) or directory.find(directory.resolve(wanted) or "")
    payer = named or next((one for one in list_reached(call, directory) if one.id == wanted), None)
    if payer is None:
        raise refuse_missing("payer")
    return write_json(show(call, payer))


def search(call: Call, directory: Directory, words: str) -> list[Payer]:
    """The payers of the directory and those that only the tenant's partners know, by id."""
    reached = Directory(list_reached(call, directory))
    return sorted([*directory.search(words), *reached.search(words)], key=lambda payer: payer.id)


def list_reached(call: Call, directory: Directory) -> Iterator[Payer]:
    """The payers that a partner of the tenant reaches and the directory does not hold."""
    tenant = call.services.settings.tenant(call.caller.tenant)
    for partner in tenant.partners if tenant is not None else ():
        for payer in partner.payers:
            if directory.find(payer) is None:
                yield Payer(payer, "")


def show(call: Call, payer: Payer) -> PayerShown:
    """A payer as the tenant sees it."""
    partner = call.services.settings.partner_for(call.caller.tenant, payer.id)
    return PayerShown(
        id=payer.id,
        name=payer.name,
        names=payer.names,
        aliases=[
            AliasShown(
                clearinghouse=alias.clearinghouse,
                transaction=alias.transaction,
                id=alias.id,
                enrollment=alias.enrollment,
            )
            for alias in payer.aliases
        ],
        partner=partner.name if partner is not None else None,
    )
