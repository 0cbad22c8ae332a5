"""A second `blinkpos run` on the same data folder: the first window comes forward."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blinkpos_desktop.operations import second_till
from blinkpos_desktop.services import one_till
from blinkpos_desktop.services.one_till import Door, Met, enter

ROOT = Path(__file__).resolve().parents[2]
IN_FRONT = "blinkpos: The till is open already: its window is in front now.\n"


def _environment(home: Path, data: Path) -> dict[str, str]:
    return os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "BLINKPOS_DATA_DIR": str(data),
        # A database that is away: the window is there, and nothing else is started.
        "BLINKPOS_DATABASE_URL": "postgresql://127.0.0.1:9/none",
    }


def _command() -> list[str]:
    return [sys.executable, "-m", "blinkpos_desktop", "run"]


@contextmanager
def _first(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        _command(), env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _second(environment: dict[str, str]) -> tuple[int, str, str]:
    done = subprocess.run(
        _command(), env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


def _bound_at(data: Path) -> int:
    """When a till's socket was made there; 0 without one."""
    path = data / "till.sock"
    return path.lstat().st_mtime_ns if path.exists() else 0


def _until_it_is_there(data: Path, process: subprocess.Popen[str], *, before: int = 0) -> None:
    while _bound_at(data) in {0, before}:
        assert process.poll() is None
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue


def test_it_raises_the_first_window_whatever_became_of_others_before(tmp_path: Path) -> None:
    data = tmp_path / "the shop's data"
    environment = _environment(tmp_path, data)
    with _first(environment) as killed:
        _until_it_is_there(data, killed)
        assert _second(environment) == (0, "", IN_FRONT)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    # Its socket is still there, and stands in nobody's way.
    left = _bound_at(data)
    assert left
    with _first(environment) as first:
        _until_it_is_there(data, first, before=left)
        # One that is only just starting answers as soon as its window is there.
        assert _second(environment) == (0, "", IN_FRONT)
        assert _second(environment) == (0, "", IN_FRONT)
        # Another folder is another till.
        other = _environment(tmp_path, tmp_path / "other")
        with _first(other) as another:
            _until_it_is_there(tmp_path / "other", another)
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0
    assert not (data / "till.sock").exists()


def _enter(folder: Path) -> Door:
    door = enter(folder)
    assert isinstance(door, Door)
    return door


def test_one_that_is_ending_is_waited_for(tmp_path: Path) -> None:
    first = _enter(tmp_path)
    first.shut()
    assert enter(tmp_path, patience=0.0) is Met.SILENT
    first.close()
    _enter(tmp_path).close()


def test_one_that_does_not_answer_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _enter(tmp_path)
    met = enter(tmp_path, patience=0.05)
    assert met is Met.SILENT
    assert second_till.tell(met) == 6
    assert "does not answer" in capsys.readouterr().err
    first.close()


def test_a_desktop_that_raises_nothing_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert second_till.tell(Met.UNRAISED) == 0
    assert "Wayland" in capsys.readouterr().err


def test_a_deep_folder_has_its_socket_elsewhere_and_nobody_elses_folder_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 90) / "data"
    door = _enter(deep)
    path = one_till._socket_path(deep)
    assert deep not in path.parents
    assert path.is_socket()
    assert path.parent.stat().st_mode & 0o077 == 0
    door.close()
    monkeypatch.setattr(one_till, "_is_private", lambda _folder: False)
    door = _enter(deep)
    assert door.fileno() == -1
    door.close()


def test_a_folder_that_cannot_be_locked_is_the_windows_to_complain_about(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    door = _enter(tmp_path / "file")
    assert door.fileno() == -1
    door.close()


def test_another_users_till_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _enter(tmp_path)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert enter(tmp_path) is Met.ANOTHERS
    assert second_till.tell(Met.ANOTHERS) == 2
    first.close()
