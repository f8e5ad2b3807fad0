"""The image's recipe, parsed: it cannot be built where the tests run, so its promises are read from it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
TOOLS = re.compile(r"\b(gcc|g\+\+|build-essential|make|apt-get|uv|pip|git|curl)\b")


class Instruction(NamedTuple):
    """One instruction of a Dockerfile."""

    word: str
    text: str


def read_stages() -> list[list[Instruction]]:
    """The instructions of each stage, FROM first."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    stages: list[list[Instruction]] = []
    for line in joined.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append(Instruction(word, rest.strip()))
    return stages


def texts(stage: list[Instruction], word: str) -> list[str]:
    return [one.text for one in stage if one.word == word]


def test_the_image_is_built_in_two_stages_from_the_same_base() -> None:
    build, final = read_stages()
    assert build[0].text.split(" AS ")[0] == final[0].text


def test_the_final_stage_runs_as_a_user_of_its_own_and_checks_its_health() -> None:
    _, final = read_stages()
    (user,) = texts(final, "USER")
    assert user == "claimwire"
    assert any("useradd" in text and user in text for text in texts(final, "RUN"))
    (health,) = texts(final, "HEALTHCHECK")
    assert "/readyz" in health
    assert json.loads(health.partition("CMD ")[2])[0] == "python"


def test_the_final_stage_holds_no_compiler_installer_or_package_manager() -> None:
    _, final = read_stages()
    used = " ".join(text for word in ("RUN", "COPY") for text in texts(final, word))
    assert TOOLS.findall(used) == []
    assert texts(final, "COPY") == ["--from=build /opt/claimwire /opt/claimwire"]


def test_the_build_stage_takes_installers_out_of_what_it_hands_over() -> None:
    build, _ = read_stages()
    assert "pip uninstall" in texts(build, "RUN")[-1].rpartition("&&")[2]


def test_the_last_instructions_name_the_command_and_listen_on_every_address() -> None:
    _, final = read_stages()
    assert json.loads(texts(final, "ENTRYPOINT")[0]) == ["claimwire"]
    assert json.loads(texts(final, "CMD")[0]) == ["serve", "--host", "0.0.0.0"]


def test_every_copied_path_exists_and_is_not_ignored() -> None:
    build, _ = read_stages()
    ignored = {line.strip("/") for line in (ROOT / ".dockerignore").read_text().split()}
    for text in texts(build, "COPY"):
        *sources, _target = shlex.split(text)
        for source in sources:
            assert (ROOT / source).exists(), source
            assert Path(source).parts[0] not in ignored, source


def test_the_wheel_needs_no_path_that_the_build_stage_does_not_copy() -> None:
    build, _ = read_stages()
    copied = {source for text in texts(build, "COPY") for source in shlex.split(text)[:-1]}
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wheel = pyproject.partition("[tool.hatch.build.targets.wheel]")[2].partition(
        "[tool.hatch.build.targets.sdist]"
    )[0]
    needed = set(re.findall(r'"(\w+)"', wheel.partition("\n\n")[0])) | set(
        re.findall(r"^(\w+) = \"schemas/", wheel, re.M)
    )
    assert needed <= copied
    assert {"README.md", "LICENSE", "pyproject.toml"} <= copied


def test_the_rehearsal_runs_the_same_steps() -> None:
    build, _ = read_stages()
    script = (ROOT / "scripts" / "rehearse_image.sh").read_text(encoding="utf-8")
    subprocess.run(["sh", "-n", str(ROOT / "scripts" / "rehearse_image.sh")], check=True)
    for step in (
        "uv pip install",
        "--require-hashes -r requirements.lock",
        "uv build --wheel",
        "pip uninstall",
    ):
        assert any(step in text.replace("/opt/claimwire/bin/", "") for text in texts(build, "RUN")), step
        assert step in script.replace('"$place"/bin/', "").replace(" --quiet", ""), step
