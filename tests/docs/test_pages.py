"""Pages that are made from data equal it, links lead somewhere, and the lists of dependencies agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from scripts.generate import list_outputs
from tests.cli import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "samples").rglob("*.md")])
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.mark.parametrize("place", sorted(list_outputs()))
def test_what_is_generated_is_what_the_data_says(place: str) -> None:
    text = (ROOT / place).read_text(encoding="utf-8")
    assert text == list_outputs()[place](), f"{place} is not what its data says: run `make schemas`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_its_heading(page: Path) -> None:
    dead = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        place, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", place):
            continue
        found = (page.parent / place).resolve() if place else page
        if not found.exists() or (anchor and anchor not in list_anchors(found)):
            dead.append(target)
    assert dead == []


def test_every_page_is_reached_from_the_readme_or_the_index_of_the_docs() -> None:
    waiting, reached = [ROOT / "README.md", ROOT / "docs" / "README.md"], set()
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        targets = LINK.findall(page.read_text(encoding="utf-8"))
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in targets]
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []


def list_anchors(page: Path) -> set[str]:
    """The anchors that headings make."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_settings_example_is_toml(page: Path) -> None:
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        tomllib.loads(block)


def test_the_page_of_dependencies_lists_what_pyproject_requires() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = [name for extra in project["project"]["optional-dependencies"].values() for name in extra]
    runs = [*project["project"]["dependencies"], *extras]
    tests = project["dependency-groups"]["dev"]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    running, _, testing = page.partition("## What tests and builds")
    assert list_rows(running) == list_names(runs)
    assert list_rows(testing) | list_names(extras) == list_names(tests) | list_names(extras)


def list_rows(page: str) -> set[str]:
    return set(re.findall(r"^\| ([a-z][\w.-]*) \|", page, re.MULTILINE)) - {"package"}


def list_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~ ]", requirement)[0] for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_pins_every_direct_dependency_and_names_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    required = list_names(project["project"]["dependencies"])
    if lock == "requirements-dev.lock":
        required |= list_names(project["dependency-groups"]["dev"])
    pinned = set(re.findall(r"^([a-z][\w.-]*)(?:\[[\w,]+\])?==", text, re.MULTILINE))
    assert required - pinned == set()
    assert re.findall(r"https?://|file:|--index|--find-links|(?<!\w)/\w+/", text) == []
