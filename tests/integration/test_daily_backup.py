"""An open till's daily backup: when it is due, when it fails, and when the till is closed."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from blinkpos_desktop.domain.backup import Backup, VerifiedIn
from blinkpos_desktop.domain.errors import UnavailableError
from blinkpos_desktop.operations import daily_backup
from tests.support.program import until


class _Engine:
    """Knows of one backup, or none, or nothing at all."""

    def __init__(self) -> None:
        self.age: int | None = None
        self.is_away = False

    async def last_backup(self) -> Backup | None:
        if self.is_away:
            raise UnavailableError("away")
        if self.age is None:
            return None
        return Backup(
            made_at=int(time.time()) - self.age,
            till="t",
            place="/x",
            size=1,
            is_encrypted=False,
            verified_in=VerifiedIn.SAME_SERVER,
        )


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file to which the command that is run instead writes, as it begins."""
    file = tmp_path / "runs"
    for name in ("START_SECONDS", "LOOK_SECONDS", "RETRY_SECONDS"):
        monkeypatch.setattr(daily_backup, name, 0.01)
    _command(monkeypatch, f"echo $$ >> '{file}'")
    return file


def _command(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(daily_backup, "COMMAND", ("sh", "-c", script))


def _pids(file: Path) -> list[int]:
    return [int(each) for each in file.read_text().split()] if file.exists() else []


async def _begun(file: Path, times: int = 1) -> list[int]:
    await asyncio.to_thread(until, lambda: len(_pids(file)) >= times)
    return _pids(file)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_is_made_once_the_last_one_is_a_day_old(runs: Path) -> None:
    engine = _Engine()
    engine.age, engine.is_away = daily_backup.DAY_SECONDS - 60, True
    task = asyncio.create_task(daily_backup.run(engine))  # type: ignore[arg-type]  # all that it asks
    await asyncio.sleep(0.1)
    engine.is_away = False
    await asyncio.sleep(0.1)
    assert _pids(runs) == []
    engine.age = daily_backup.DAY_SECONDS
    await _begun(runs)
    await _ended(task)


async def test_one_that_fails_is_said_and_tried_again(
    runs: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _command(monkeypatch, f"echo $$ >> '{runs}'; echo begun >&2; echo no room >&2; exit 2")
    task = asyncio.create_task(daily_backup.run(_Engine()))  # type: ignore[arg-type]
    await _begun(runs, times=2)
    await _ended(task)
    assert "the daily backup ended with 2: no room" in caplog.text


@pytest.mark.parametrize("manners", ["", "trap '' TERM;"])
async def test_it_ends_with_the_till(
    runs: Path, monkeypatch: pytest.MonkeyPatch, manners: str
) -> None:
    monkeypatch.setattr(daily_backup, "STOP_SECONDS", 0.2)
    _command(monkeypatch, f"{manners} echo $$ >> '{runs}'; while :; do sleep 0.05; done")
    task = asyncio.create_task(daily_backup.run(_Engine()))  # type: ignore[arg-type]
    [pid] = await _begun(runs)
    await _ended(task)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
