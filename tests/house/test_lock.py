"""requirements.lock: hashed, in step with pyproject.toml, naming nobody's index."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "scripts/uv.requirements")


def entries(name: str) -> list[str]:
    """The lock's requirements, each with its hashes, as one line."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def wanted() -> list[str]:
    """What pyproject.toml asks for directly, in the parts that are locked."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    simulator: list[str] = project["project"]["optional-dependencies"]["simulator"]
    dependencies: list[str] = project["project"]["dependencies"]
    dev: list[str] = project["dependency-groups"]["dev"]
    return [*dependencies, *simulator, *dev]


@pytest.mark.parametrize("name", LOCKS)
def test_it_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").lower()
    for trace in ("http:", "https:", "://", " @ ", "index-url", "find-links", "trusted-host"):
        assert trace not in text


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    for entry in entries(name):
        assert re.match(r"[a-z0-9][a-z0-9-]*==[^\s;]+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("asked", wanted())
def test_it_is_in_step_with_pyproject(asked: str) -> None:
    requirement = Requirement(asked)
    locked = [
        Requirement(entry.split("--hash", 1)[0].strip()) for entry in entries("requirements.lock")
    ]
    versions = [
        next(iter(entry.specifier)).version
        for entry in locked
        if entry.name == canonicalize_name(requirement.name)
    ]
    assert any(requirement.specifier.contains(version) for version in versions), (
        f"{asked} is locked at {versions or 'nothing'}: make lock"
    )
