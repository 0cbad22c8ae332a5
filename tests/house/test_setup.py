"""The set-up: what it asks for, what it says, and that it leaves the person's settings alone."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGETS = [
    "help",
    "setup",
    "demo",
    "run",
    "test",
    "test-all",
    "simulate",
    "crash",
    "fuzz",
    "lint",
    "format",
    "bench",
    "lock",
    "sounds",
    "clean",
]
OUTER_MAKE = {"ARGS", "JOBS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}


@pytest.fixture(name="setup")
def _setup() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("_setup_script", ROOT / "scripts" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def make(*arguments: str) -> str:
    env = {name: value for name, value in os.environ.items() if name not in OUTER_MAKE}
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_help_is_the_default_and_names_every_target() -> None:
    shown = make()
    for target in TARGETS:
        assert f"make {target} " in shown


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_can_be_planned(target: str) -> None:
    assert make("--dry-run", target)


@pytest.mark.parametrize(
    ("env", "needs"),
    [
        ({}, {"Qt"}),
        ({"DISPLAY": ":0"}, {"Qt", "a window"}),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, {"Qt", "a window"}),
        ({"WAYLAND_DISPLAY": "wayland-0"}, {"Qt", "a Wayland window"}),
    ],
)
def test_only_what_the_environment_uses_is_indispensable(
    setup: ModuleType, env: dict[str, str], needs: set[str]
) -> None:
    assert setup.indispensable(env) == needs


def test_missing_libraries_are_named_with_the_command_that_brings_them(setup: ModuleType) -> None:
    libraries = [setup.Library("Qt", "libnone.so.1", "libnone1")]
    text = setup.explain(libraries, debian=True)
    assert "(for Qt)" in text
    assert "sudo apt-get install -y --no-install-recommends libnone1" in text
    assert "libnone.so.1" in setup.explain(libraries, debian=False)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS needs no libraries")
def test_a_library_that_is_not_there_is_found_missing(setup: ModuleType) -> None:
    absent = setup.Library("Qt", "libno-such-thing.so.9", "libnone9")
    assert setup.lacking([absent]) == [absent]


def test_without_means_to_install_qts_libraries_it_stops_in_one_sentence(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "lacking", list)
    monkeypatch.setattr(setup, "as_root", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/apt-get")
    with pytest.raises(setup.SetupError, match=r"apt-get install .* libgl1 ") as stopped:
        setup.have_libraries(all_of_them=True)
    assert "libxcb-cursor0" in str(stopped.value)


def test_pips_index_serves_uv_where_uv_has_none(setup: ModuleType) -> None:
    env = setup.package_env({"PIP_INDEX_URL": "https://a.example/simple", "HOME": "/home/x"})
    assert env["UV_DEFAULT_INDEX"] == "https://a.example/simple"
    assert env["UV_PYTHON_DOWNLOADS"] == "never"
    assert env["HOME"] == "/home/x"
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        own = setup.package_env({"PIP_INDEX_URL": "https://a.example", name: "https://b.example"})
        assert own[name] == "https://b.example"
        assert "https://a.example" not in [own.get("UV_DEFAULT_INDEX"), own.get("UV_INDEX_URL")]


def test_the_environment_is_made_anew_when_what_it_stands_on_changes(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1")
    for name, value in {
        "ROOT": tmp_path,
        "VENV": venv,
        "LOCK": lock,
        "STAMP": venv / "setup.stamp",
    }.items():
        monkeypatch.setattr(setup, name, value)
    assert not setup.is_ready()
    setup.STAMP.write_text(setup.fingerprint())
    assert setup.is_ready()
    lock.write_text("a==2")
    assert not setup.is_ready()
    lock.write_text("a==1")
    assert setup.is_ready()
    (venv / "pyvenv.cfg").write_text("version_info = 3.99.0")
    assert not setup.is_ready()


def test_without_a_new_enough_python_it_says_so(tmp_path: Path) -> None:
    for name in ("dirname", "sh"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        ["sh", str(ROOT / "scripts" / "setup.sh")],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stderr
    assert not done.stdout
