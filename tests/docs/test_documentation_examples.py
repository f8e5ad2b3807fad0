"""The examples of README and docs, run as they stand: what a page promises is what a reader gets.

In a `console` block a line that begins with `$ ` is typed and the lines below it are what it writes; `...`
stands for the rest of a line, or alone for any lines. Blocks of one page share a folder and a shell's
variables. A `python` block runs in a process of its own; comments right below a `print` are what it prints.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli import ROOT, claimwire, read_line, running

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SETTINGS = """\
[worker]
poll_seconds = 0.2

[tenants.clinic.partners.exchange]
payers = ["CWP01"]

[tenants.clinic.partners.exchange.transport]
kind = "folder"
outbox_folder = "out"
inbox_folder = "in"

[tenants.clinic.partners.exchange.envelope]
sender = "CLINIC"
receiver = "EXCHANGE"
group_sender = "CLINIC"
group_receiver = "EXCHANGE"
"""
PROMPT = "$ "
MARK = "=== exit {}"


class Example(NamedTuple):
    """A typed command and the lines that the page shows below it."""

    command: str
    shown: list[str]


def read_blocks(page: Path, kind: str) -> list[str]:
    return [text for _, word, text in FENCE.findall(page.read_text(encoding="utf-8")) if word == kind]


def read_examples(page: Path) -> Iterator[Example]:
    for block in read_blocks(page, "console"):
        for line in block.splitlines():
            if line.startswith(PROMPT):
                example = Example(line.removeprefix(PROMPT), [])
                yield example
            else:
                example.shown.append(line)


def pages_with(kind: str) -> list[Path]:
    return [page for page in PAGES if read_blocks(page, kind)]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def as_pattern(shown: list[str]) -> str:
    """A regular expression for what is shown; `...` is anything."""
    parts = [r"(?:.*\n)*?" if line == "..." else escape(line) + r"\n" for line in shown]
    return "".join(parts)


def escape(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("..."))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A live gateway: its address and a key, as the variables that the pages use."""
    home = tmp_path_factory.mktemp("home")
    (home / "claimwire.toml").write_text(SETTINGS)
    (home / "in").mkdir()
    (home / "out").mkdir()
    key = claimwire("keys", "create", "docs", CLAIMWIRE_HOME=str(home)).out.strip()
    with running("serve", "--port", "0", home=home) as process:
        port = re.search(r'"port": (\d+)', read_line(process, error=True))
        assert port is not None
        yield {"CLAIMWIRE_URL": f"http://127.0.0.1:{port[1]}", "CLAIMWIRE_KEY": key}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with the samples in it and the commands of this environment on the path."""
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    commands = tmp_path / ".commands"
    commands.mkdir()
    for command, module in (("claimwire", "-m gateway.cli"), ("python", "")):
        shim = commands / command
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        shim.chmod(0o755)
    return tmp_path


def run_shell(script: str, folder: Path, variables: dict[str, str]) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLAIMWIRE_")}
    environment |= {"PYTHONPATH": str(ROOT), "PATH": f"{folder}/.commands:{os.environ['PATH']}", **variables}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.xdist_group("docs")
@pytest.mark.parametrize("page", pages_with("console"), ids=name)
def test_console_examples_write_what_the_page_shows(
    page: Path, folder: Path, gateway: dict[str, str]
) -> None:
    examples = list(read_examples(page))
    script = "".join(f"{example.command}\necho '{MARK.format(at)}'\n" for at, example in enumerate(examples))
    rest = run_shell(script, folder, gateway)
    for at, example in enumerate(examples):
        written, _, rest = rest.partition(f"{MARK.format(at)}\n")
        if written and not written.endswith("\n"):
            written += "\n"
        assert re.fullmatch(as_pattern(example.shown), written), f"$ {example.command}\n{written}"


@pytest.mark.xdist_group("docs")
@pytest.mark.parametrize("page", pages_with("python"), ids=name)
def test_python_examples_run(page: Path, folder: Path, request: pytest.FixtureRequest) -> None:
    blocks = read_blocks(page, "python")
    served = any("CLAIMWIRE_URL" in block for block in blocks)
    variables: dict[str, str] = request.getfixturevalue("gateway") if served else {}
    for block in blocks:
        done = subprocess.run(
            [sys.executable, "-c", block],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        shown = list(read_printed(block))
        assert not shown or shown == done.stdout.splitlines(), done.stdout


def read_printed(block: str) -> Iterator[str]:
    """The comments that stand at the left right below a `print`."""
    below = False
    for line in block.splitlines():
        below = line.strip().startswith("print(") or (below and line.startswith("# "))
        if below and line.startswith("# "):
            yield line.removeprefix("# ")


@pytest.mark.slow
def test_the_readme_shows_the_table_that_the_demo_prints() -> None:
    (table,) = read_blocks(ROOT / "README.md", "text")
    ended = claimwire("demo", COLUMNS="106")
    assert ended.status == 0, ended.out
    printed = [line.rstrip() for line in ended.out.splitlines()]
    assert [line for line in table.splitlines() if line.rstrip() not in printed] == []


def test_the_pattern_of_an_example_takes_dots_for_anything_and_nothing_else() -> None:
    assert re.fullmatch(as_pattern(["a (1)", "...", "end..."]), "a (1)\nx\ny\nend of it\n")
    assert not re.fullmatch(as_pattern(["a (1)"]), "a (2)\n")
    assert not re.fullmatch(as_pattern(["a"]), "a\nb\n")
