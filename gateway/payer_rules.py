"""The payer rules of each tenant: shipped packs by name, and files of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

from edi.payer_rules.book import RuleBook
from edi.payer_rules.faults import Fault, PackInvalid, suggest
from edi.payer_rules.pack import Pack, load_pack
from gateway.settings import Settings, Tenant
from gateway.settings_source import SettingsError

SUFFIX = ".yaml"


def list_shipped() -> list[str]:
    """The names of the shipped packs."""
    found = (entry.name for entry in (files("schemas") / "payers").iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))


@cache
def load_shipped(name: str) -> Pack:
    """A shipped pack. Raises KeyError for a name that none has."""
    if name not in list_shipped():
        raise KeyError(name)
    text = (files("schemas") / "payers" / f"{name}{SUFFIX}").read_text(encoding="utf-8")
    return load_pack(f"{name}{SUFFIX}", text)


def read_pack(path: Path) -> Pack:
    """A pack of one's own. Raises PackInvalid, also where the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise PackInvalid(path.name, [Fault(0, 0, "the file is not in UTF-8")]) from None
    except OSError as problem:
        raise PackInvalid(path.name, [Fault(0, 0, f"{problem.strerror}")]) from None
    return load_pack(path.name, text)


def find_packs(named: str) -> Pack:
    """A shipped pack by its name, or a file by its path. Raises PackInvalid."""
    if named in list_shipped():
        return load_shipped(named)
    if named.endswith((SUFFIX, ".yml")):
        return read_pack(Path(named))
    message = f"no shipped pack has this name{suggest(named, list_shipped())}"
    raise PackInvalid(named, [Fault(0, 0, f"{message}; a file's name ends in {SUFFIX}")])


def load_book(tenant: Tenant) -> RuleBook:
    """The rules of a tenant. Raises SettingsError with all that is wrong with its files."""
    packs, wrong = gather(load_named(tenant))
    twice = find_twice(packs)
    wrong += [f"the rule {rule} stands in two packs" for rule in twice]
    if wrong:
        raise SettingsError(
            f"tenants.{tenant.name}.rules", "rule_files", "; ".join(wrong), "mend the rules and start again"
        )
    return RuleBook(packs)


def load_named(tenant: Tenant) -> Iterator[Pack | PackInvalid]:
    """Every pack that a tenant names, or what is wrong with it."""
    shipped = [partial(find_packs, name) for name in tenant.rules]
    for load in [*shipped, *(partial(read_pack, path) for path in tenant.rule_files)]:
        try:
            yield load()
        except PackInvalid as invalid:
            yield invalid


def gather(found: Iterable[Pack | PackInvalid]) -> tuple[list[Pack], list[str]]:
    """The packs that are whole, and what is wrong with the others."""
    packs: list[Pack] = []
    wrong: list[str] = []
    for one in found:
        if isinstance(one, PackInvalid):
            wrong += [f"{one.source}: {fault}" for fault in one.faults]
        else:
            packs.append(one)
    return packs, wrong


def find_twice(packs: Iterable[Pack]) -> list[str]:
    """The ids that two rules of several packs have."""
    ids = [rule.written.id for pack in packs for rule in pack.rules]
    return sorted({one for one in ids if ids.count(one) > 1})


def load_books(settings: Settings) -> Mapping[str, RuleBook]:
    """The rules of every tenant that has any. Raises SettingsError."""
    books = {tenant.name: load_book(tenant) for tenant in settings.tenants}
    return {name: book for name, book in books.items() if book.rules}
