"""Logs: rotating files, never a key or a password in them, and no failure of the sale."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from blinkpos_desktop import logs
from blinkpos_desktop.settings import Secret, Settings

KEY = "blink_0123456789abcdef"


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """The root logger is put back as it was, and every handler of ours is closed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    raises = logging.raiseExceptions
    chatty = {name: logging.getLogger(name).level for name in logs._CHATTY}
    root.handlers = []
    yield
    for name, before in chatty.items():
        # Other tests hear what these say.
        logging.getLogger(name).setLevel(before)
    for handler in root.handlers:
        handler.close()
    root.handlers, logging.raiseExceptions = handlers, raises
    root.setLevel(level)


def settings_for(folder: Path) -> Settings:
    return Settings(
        api_url="https://blink.example/graphql",
        ws_url="wss://blink.example/graphql",
        data_dir=folder / "data",
        state_dir=folder / "state" / "log",
        api_key=Secret(KEY),
        database_url=Secret("postgresql://u:p%40ssword@db.example/till"),
        redis_url=Secret("redis://:redis_password@cache.example/0"),
        backup_passphrase=Secret("backup passphrase"),
    )


def file_handlers() -> list[RotatingFileHandler]:
    return [h for h in logging.getLogger().handlers if isinstance(h, RotatingFileHandler)]


def test_records_go_to_a_file_that_rotates(tmp_path: Path) -> None:
    logs.set_up(settings_for(tmp_path))
    logging.getLogger("blinkpos.test").info("a sale of %d sats", 23)
    path = tmp_path / "state" / "log" / "blinkpos.log"
    assert "INFO blinkpos.test: a sale of 23 sats" in path.read_text(encoding="utf-8")
    (handler,) = file_handlers()
    assert handler.maxBytes > 0
    assert handler.backupCount > 0
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_full_file_makes_room_for_a_new_one(tmp_path: Path) -> None:
    logs.set_up(settings_for(tmp_path))
    (handler,) = file_handlers()
    handler.maxBytes = 300
    for number in range(40):
        logging.getLogger("blinkpos.test").info("record %d", number)
    files = sorted(path.name for path in (tmp_path / "state" / "log").iterdir())
    assert files == ["blinkpos.log", *(f"blinkpos.log.{n}" for n in range(1, 6))]


def test_no_secret_gets_into_the_file_or_to_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(tmp_path)
    logs.set_up(settings)
    log = logging.getLogger("blinkpos.test")
    assert settings.database_url is not None
    log.error("the key is %s", KEY)
    log.error("connecting to %s", settings.database_url.reveal())
    log.error("password=p%%40ssword, password=%s", "p@ssword")
    log.error("AUTH redis_password")
    log.error("sealed with backup passphrase")
    try:
        int(KEY)
    except ValueError:
        log.exception("a bug")
    written = (tmp_path / "state" / "log" / "blinkpos.log").read_text(encoding="utf-8")
    for text in (written, capsys.readouterr().err):
        assert "the key is ***" in text
        assert "connecting to ***\n" in text
        assert "ValueError: invalid literal for int() with base 10: '***'" in text
        for secret in (KEY, "p%40ssword", "p@ssword", "redis_password", "backup passphrase"):
            assert secret not in text


def test_logging_that_fails_is_silent_and_shows_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(settings_for(tmp_path))
    logging.getLogger("blinkpos.test").error("two %s %s", KEY)  # noqa: PLE1206 (that it fails is the point)
    assert capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_written_costs_the_file_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").write_text("a file is in the way", encoding="utf-8")
    logs.set_up(settings_for(tmp_path))
    assert file_handlers() == []
    logging.getLogger("blinkpos.test").error("still told")
    assert "still told" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_without_the_right_to_write_costs_the_file_only(tmp_path: Path) -> None:
    (tmp_path / "state" / "log").mkdir(parents=True)
    (tmp_path / "state" / "log").chmod(0o500)
    logs.set_up(settings_for(tmp_path))
    assert file_handlers() == []
    assert logging.getLogger().handlers


def test_stderr_gets_errors_only_and_stdout_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(settings_for(tmp_path))
    logging.getLogger("blinkpos.test").warning("for the file")
    logging.getLogger("blinkpos.test").error("for both")
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "for both" in seen.err
    assert "for the file" not in seen.err


def test_setting_up_twice_writes_once(tmp_path: Path) -> None:
    logs.set_up(settings_for(tmp_path))
    logs.set_up(settings_for(tmp_path))
    logging.getLogger("blinkpos.test").info("once")
    path = tmp_path / "state" / "log" / "blinkpos.log"
    assert path.read_text(encoding="utf-8").count("once") == 1
    assert len(file_handlers()) == 1


def test_chatty_libraries_are_kept_quiet(tmp_path: Path) -> None:
    logs.set_up(settings_for(tmp_path))
    # It writes every URL and, at DEBUG, every header.
    assert logging.getLogger("httpx").getEffectiveLevel() == logging.WARNING
    assert logging.getLogger("websockets").getEffectiveLevel() == logging.WARNING
