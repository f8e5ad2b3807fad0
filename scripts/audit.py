"""Compares a lock file with the vulnerabilities that PyPI knows: `make audit`.

Exits 1 where one is known. Where the package index cannot be asked, or knows nothing of vulnerabilities (a
mirror), it says so and exits 0: nothing is held against a build without a network, and nothing is called
clean that was not looked at.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

SECONDS = 180
COMMAND = ("--disable-pip", "--require-hashes", "-s", "pypi", "-f", "json", "--progress-spinner", "off")


def ask(lock: str) -> Mapping[str, Any] | None:
    """What pip-audit says of a lock file, None where it could not ask."""
    command = [sys.executable, "-m", "pip_audit", "-r", lock, *COMMAND]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603 - our own words
        answer = json.loads(told.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    return answer if isinstance(answer, dict) else None


def list_known(answer: Mapping[str, Any]) -> Iterator[str]:
    """A line for each known vulnerability."""
    for package in answer["dependencies"]:
        for known in package.get("vulns", ()):
            mended = ", ".join(known.get("fix_versions", ())) or "nothing yet"
            yield f"{package['name']} {package['version']}: {known['id']}, mended in {mended}"


def judge(lock: str, answer: Mapping[str, Any] | None) -> tuple[list[str], bool]:
    """What to say of a lock file, and whether something is known against it."""
    if answer is None:
        return [f"{lock}: not compared, since the package index cannot be asked."], False
    packages = answer["dependencies"]
    asked = [package for package in packages if "skip_reason" not in package]
    known = list(list_known(answer))
    lines = [f"{lock}: {line}" for line in known]
    lines.append(
        f"{lock}: {len(asked)} of {len(packages)} packages compared, {len(known)} vulnerabilities known."
    )
    if len(asked) < len(packages):
        lines.append(f"{lock}: of the others this package index knows no vulnerabilities; ask pypi.org.")
    return lines, bool(known)


def main(locks: list[str]) -> int:
    """Judge every lock file; 1 where something is known against one."""
    judged = [judge(lock, ask(lock)) for lock in locks]
    for lines, _ in judged:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return int(any(known for _, known in judged))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
