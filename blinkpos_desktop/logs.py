"""Logs: rotating files in the platform's state folder, never a key or a password in them."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from blinkpos_desktop.settings import Secret, Settings

if TYPE_CHECKING:
    from blinkpos_desktop.domain.measures import LogMeasure

_MAX_BYTES: Final = 1_000_000
_FILES: Final = 5
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_SHORT: Final = 3
"""Passwords no longer than this are left alone by themselves: they are parts of any word."""
_CHATTY: Final = ("httpx", "httpcore", "websockets", "psycopg", "asyncio", "qasync")


class _Redacted(logging.Formatter):
    """A belt beside the braces: a secret that got into a record does not get out of it."""

    def __init__(self, secrets: set[str]) -> None:
        super().__init__(_FORMAT)
        # The longest first: a password is a part of its URL.
        self._secrets = sorted(secrets, key=len, reverse=True)

    def hide(self, secret: str) -> None:
        """Hide one more."""
        self._secrets = sorted({*self._secrets, secret}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def set_up(settings: Settings, *, to_stderr: int = logging.ERROR) -> None:
    """Send records to the log file, and those of ``to_stderr`` or worse to stderr.

    A folder that can't be written costs the file, not the sale.
    """
    # What logging says of its own failures shows a record unredacted.
    logging.raiseExceptions = False
    formatter = _Redacted(_secrets(settings))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in tuple(root.handlers):
        root.removeHandler(handler)
        handler.close()
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(to_stderr)
    console.setFormatter(formatter)
    root.addHandler(console)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = RotatingFileHandler(
            file_of(settings),
            maxBytes=_MAX_BYTES,
            backupCount=_FILES,
            encoding="utf-8",
        )
    except OSError as error:
        logging.getLogger(__name__).warning("no log file: %s", error)
        return
    file.setFormatter(formatter)
    root.addHandler(file)


def file_of(settings: Settings) -> Path:
    """Return the log's file, be it written or not."""
    return settings.state_dir / "blinkpos.log"


def measure(settings: Settings) -> LogMeasure:
    """Return where the log is, and whether records go there."""
    from blinkpos_desktop.domain.measures import LogMeasure

    handlers = logging.getLogger().handlers
    is_written = any(isinstance(each, RotatingFileHandler) for each in handlers)
    return LogMeasure(path=str(file_of(settings)), is_written=is_written)


def hide(secret: Secret) -> None:
    """Hide a secret that was found after the logs were set up."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Redacted):
            handler.formatter.hide(secret.reveal())


def hide_all(settings: Settings) -> None:
    """Hide the secrets of settings that came after the logs were set up."""
    for text in _secrets(settings):
        hide(Secret(text))


def _secrets(settings: Settings) -> set[str]:
    """Return what must not be seen: the keys, the URLs, and the passwords in them."""
    given: tuple[Secret | None, ...] = (
        settings.api_key,
        settings.payout_key,
        settings.key_passphrase,
        settings.database_url,
        settings.database_direct_url,
        settings.redis_url,
        settings.backup_passphrase,
        settings.alert_url,
    )
    found: set[str] = set()
    for secret in given:
        if secret is None:
            continue
        if len(secret.reveal()) > _SHORT:
            found.add(secret.reveal())
        with suppress(ValueError):
            password = urlsplit(secret.reveal()).password or ""
            found |= {text for text in (password, unquote(password)) if len(text) > _SHORT}
    return found
