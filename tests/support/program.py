"""The real program as a process: started, read line by line, signalled, waited for."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Self

Event = dict[str, Any]
PATIENCE = 40.0
"""Seconds for anything that must happen; nothing here measures how fast it does."""


def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended: its exit code, and all that it said."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[Event]:
        """What it told with ``--json``; anything else on stdout fails here."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def names(self) -> list[str]:
        """The names of its events."""
        return [event["event"] for event in self.events]


class Running:
    """A process whose lines are read as they come."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
        self._out: list[str] = []
        self._err: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self._out), (self.process.stderr, self._err))
            if pair[0] is not None
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.ended()

    @property
    def said(self) -> str:
        """All of stdout so far."""
        return "".join(self._out)

    def wait_for(self, name: str) -> Event:
        """Return the next event of that name."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                line = self._lines.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                raise AssertionError(f"no {name}: {self._out} {self._err}") from None
            event: Event = json.loads(line)
            if event["event"] == name:
                return event

    def signal(self, number: int = signal.SIGTERM) -> float:
        """Send a signal; return when, on the monotonic clock."""
        self.process.send_signal(number)
        return time.monotonic()

    def ended(self) -> Ended:
        """Wait for its end."""
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it does not end: {self._out} {self._err}") from None
        finally:
            for reader in self._readers:
                reader.join(PATIENCE)
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()
        return Ended(code=code, out="".join(self._out), err="".join(self._err))

    def ended_within(self, seconds: float, since: float) -> Ended:
        """Wait for its end, which must come within so many seconds after ``since``."""
        ended = self.ended()
        took = time.monotonic() - since
        assert took < seconds, f"it took {took:.1f} s: {ended}"
        return ended

    def _read(self, pipe: IO[str], into: list[str]) -> None:
        for line in pipe:
            into.append(line)
            if into is self._out:
                self._lines.put(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """``blinkpos`` with settings of its own, and nothing of the person who runs the tests."""

    folder: Path
    """Its home and its working folder."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Without their prefix; an empty value takes a setting away."""
    command: tuple[str, ...] = (sys.executable, "-m", "blinkpos_desktop")
    keychain: str = "keyring.backends.null.Keyring"
    """The class of the system's keychain; never the one of the person who runs the tests."""

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the whole environment of a process."""
        wanted = {**self.settings, **settings}
        kept = {
            name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ
        }
        return {
            **kept,
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHON_KEYRING_BACKEND": self.keychain,
            "KEYCHAIN_FILE": str(self.folder / "keychain.json"),
            **{f"BLINKPOS_{name}": value for name, value in wanted.items() if value},
        }

    @property
    def log(self) -> Path:
        """Its log, in the platform's state folder (Linux)."""
        return self.folder / ".local" / "state" / "blinkpos" / "log" / "blinkpos.log"

    def start(self, *arguments: str, **settings: str) -> Running:
        """Start it."""
        return Running([*self.command, *arguments], self.environment(**settings), self.folder)

    def through(self, shell: str) -> Program:
        """Return the program behind a line of sh, in which "$@" is its command."""
        return replace(self, command=("sh", "-c", shell, "sh", *self.command))

    def charge(self, *arguments: str, **settings: str) -> Running:
        """Start ``charge … --json``."""
        return self.start("charge", *arguments, "--json", **settings)

    def run(self, *arguments: str, **settings: str) -> Ended:
        """Start it and wait for its end."""
        with self.start(*arguments, **settings) as running:
            return running.ended()
