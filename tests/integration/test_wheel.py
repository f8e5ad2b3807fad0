"""The wheel as a stranger gets it: built, installed into an empty environment, run far from the source."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.cli import PAID, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def run(*command: str | Path, folder: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A command in `folder` that sees neither the source tree nor the environment of the tests."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree by the build backend that pyproject names."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    run(*build, folder=folder)
    (made,) = folder.glob("claimwire-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment that holds the wheel and what it requires, nothing else."""
    place = tmp_path_factory.mktemp("clean") / "venv"
    uv = find_uv()
    venv.create(place, with_pip=uv is None, symlinks=True)
    python = place / "bin" / "python"
    locked = ROOT / "requirements.lock"
    if uv:
        run(uv, "pip", "install", "--python", python, "--quiet", "-c", locked, wheel, folder=place)
    else:  # pip takes no hashed constraints beside a file without a hash
        pip = [python, "-m", "pip", "install", "--quiet"]
        run(*pip, "--require-hashes", "-r", locked, folder=place)
        run(*pip, "--no-deps", wheel, folder=place)
    return place / "bin"


def find_uv() -> str | None:
    """The uv that `make setup` put beside the tests' own Python, or any other."""
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if beside.exists() else shutil.which("uv")


def expected_members() -> set[str]:
    """What the wheel must hold: every file of the packages, and the samples inside schemas."""
    found = {
        place.relative_to(ROOT)
        for package in ("edi", "adapters", "gateway", "schemas")
        for place in (ROOT / package).rglob("*")
        if place.is_file() and "__pycache__" not in place.parts
    }
    samples = {
        Path("schemas") / place.relative_to(ROOT)
        for place in (ROOT / "samples").rglob("*")
        if place.is_file()
    }
    return {place.as_posix() for place in found | samples}


def test_every_file_of_the_packages_and_every_sample_is_in_the_wheel(wheel: Path) -> None:
    members = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert members == expected_members()


def test_the_installed_packages_stand_outside_the_source_tree(installed: Path, tmp_path: Path) -> None:
    told = run(
        installed / "python",
        "-c",
        "import edi, gateway; print(edi.__file__, gateway.__file__)",
        folder=tmp_path,
    )
    for place in told.stdout.split():
        assert place.startswith(str(installed.parent))


def test_the_installed_command_checks_translates_and_explains(installed: Path, tmp_path: Path) -> None:
    shutil.copy(PAID / "claim.x12", tmp_path)
    command = installed / "claimwire"
    checked = run(command, "check", "claim.x12", folder=tmp_path)
    assert checked.stdout == "claim.x12 (005010X222A1): accepted, no findings\n"
    run(command, "json", "claim.x12", "-o", "claim.json", folder=tmp_path)
    claim = json.loads((tmp_path / "claim.json").read_text())
    assert claim["claimInformation"]["patientControlNumber"] == "HC10021-PAID"
    written = run(command, "x12", "claim.json", folder=tmp_path)
    assert "\nCLM*HC10021-PAID*190.50*" in written.stdout
    assert "2010AA Billing Provider Name" in run(command, "explain", "claim.x12", folder=tmp_path).stdout
    assert run(command, "explain", "claim.x12", "--html", "claim.html", folder=tmp_path).stderr == ""
    assert "</html>" in (tmp_path / "claim.html").read_text()


def test_the_installed_engine_runs_alone(installed: Path, tmp_path: Path) -> None:
    shutil.copy(PAID / "remit.x12", tmp_path)
    shown = run(installed / "python", "-m", "edi", "show", "remit.x12", folder=tmp_path)
    assert "2100 Claim Payment Information" in shown.stdout


def test_the_installed_demo_finds_its_samples_and_ends_well(installed: Path, tmp_path: Path) -> None:
    ended = run(installed / "claimwire", "demo", folder=tmp_path)
    assert "all ended as their samples say" in ended.stdout
    assert ended.stderr == ""
