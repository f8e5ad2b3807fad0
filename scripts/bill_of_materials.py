"""The software bill of materials (CycloneDX 1.6, JSON) of what runs, from the lock file: `make sbom`.

The same lock file and environment make the same bytes: it has no time, and its number comes from its content.
Licences are those that the installed packages say.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^\s;\\]+)", re.MULTILINE)
DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")
OLD = "License :: OSI Approved :: "
SHORT = 100  # what is longer is the text of a licence, not its name
Licence = LicenseExpression | DisjunctiveLicense


def read_pins(lock: str) -> Iterator[tuple[str, str, list[str]]]:
    """Name, version and SHA-256 of the files of every package of a lock file."""
    places = [*PINNED.finditer(lock)]
    ends = [place.start() for place in places[1:]] + [len(lock)]
    for place, end in zip(places, ends, strict=True):
        yield place[1], place[2], DIGEST.findall(lock[place.end() : end])


def find_licence(name: str) -> Licence | None:
    """The licence that an installed package says, None where it says none or is not installed."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    if told.get("License-Expression"):
        return LicenseExpression(told["License-Expression"])
    classes = [it.removeprefix(OLD) for it in told.get_all("Classifier", []) if it.startswith(OLD)]
    named = " and ".join(classes) or (told.get("License") or "").strip().partition("\n")[0]
    return DisjunctiveLicense(name=named[:SHORT]) if named and named != "UNKNOWN" else None


def make_component(name: str, version: str, digests: list[str]) -> Component:
    """A package as a component."""
    licence = find_licence(name)
    place = PackageURL("pypi", name=name, version=version)
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        purl=place,
        bom_ref=str(place),
        licenses=[licence] if licence is not None else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in digests],
    )


def write_bill(lock: str, project: str) -> str:
    """The bill as JSON; `project` is the text of pyproject.toml."""
    about = tomllib.loads(project)["project"]
    own = Component(
        type=ComponentType.APPLICATION,
        name=about["name"],
        version=about["version"],
        bom_ref=about["name"],
        licenses=[LicenseExpression(about["license"])],
    )
    bill = Bom(serial_number=uuid5(NAMESPACE_URL, lock + project))
    bill.metadata.component = own
    bill.metadata.timestamp = None  # type: ignore[assignment]  # the schema lets it be absent
    bill.components = [make_component(*pin) for pin in read_pins(lock)]  # type: ignore[assignment]  # becomes a sorted set
    parts = [Dependency(ref=component.bom_ref) for component in bill.components]
    bill.dependencies = [Dependency(ref=own.bom_ref, dependencies=parts), *parts]  # type: ignore[assignment]  # the same
    return JsonV1Dot6(bill).output_as_string(indent=1) + "\n"


def main() -> None:
    """Write the bill of `requirements.lock` to the path given, or to standard output."""
    text = write_bill(*((ROOT / name).read_text("utf-8") for name in ("requirements.lock", "pyproject.toml")))
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
