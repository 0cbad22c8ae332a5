"""Processes that start at once: a fork of one that has imported the program and done no more.

A cold start of Python takes most of a sale's time; thousands of kills would be
hours of imports. ``python -m tests.crash.nursery`` waits for orders, forks for
each, and says how the child ended. A child is a process as any other: of its
own pid, environment, folder and files, with nothing open that its parent had.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

PATIENCE: Final = 60.0
_LIFE: Final = 150
"""Seconds after which a forgotten child ends by itself."""
_PRELOAD: Final = (
    "blinkpos_desktop.app",
    "blinkpos_desktop.cli",
    "blinkpos_desktop.engine",
    "blinkpos_desktop.operations.charge",
    "blinkpos_desktop.operations.interruption",
    "blinkpos_desktop.operations.tellers",
    "blinkpos_desktop.services.store.redis",
    "tests.crash.doomed",
)


class Child:
    """A process of the nursery, or a cold one; ``out`` is what it says on stdout."""

    def __init__(
        self, pid: int, out: Path, err: Path, source: Nursery | subprocess.Popen[bytes]
    ) -> None:
        self.pid, self.out, self.err = pid, out, err
        self._source = source
        self._code: int | None = None

    def poll(self, seconds: float = 0.0) -> int | None:
        """Return its exit code (-9 when it was killed), or ``None`` while it lives."""
        if self._code is not None:
            return self._code
        if isinstance(self._source, Nursery):
            told = self._source.hear(seconds)
            self._code = None if told is None else told["code"]
        else:
            try:
                self._code = self._source.wait(seconds)
            except subprocess.TimeoutExpired:
                return None
        return self._code

    def wait(self) -> int:
        """Wait for its end."""
        deadline = time.monotonic() + PATIENCE
        while (code := self.poll(0.5)) is None:
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"it does not end: {self.said()}")
        return code

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal while it lives."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def event(self, name: str) -> dict[str, Any] | None:
        """Return what it has told under that name; ``None`` as long as it has not."""
        for line in self.out.read_text().splitlines(keepends=True):
            if line.endswith("\n") and (told := json.loads(line))["event"] == name:
                found: dict[str, Any] = told
                return found
        return None

    def said(self) -> str:
        """Return all that it has said."""
        return self.out.read_text() + self.err.read_text()


class Nursery:
    """One at a time: a child has ended before the next one is born."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[2],
        )
        self._rest = b""
        assert self.hear(PATIENCE) == {"ready": True}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        pipe.close()
        self._process.wait(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, number: int
    ) -> Child:
        """Fork ``tests.crash.doomed`` with these arguments."""
        out, err = folder / f"{number}.out", folder / f"{number}.err"
        out.touch()
        err.touch()
        order = {
            "arguments": list(arguments),
            "environment": dict(environment),
            "folder": str(folder),
            "out": str(out),
            "err": str(err),
        }
        pipe = self._process.stdin
        assert pipe is not None
        pipe.write(json.dumps(order).encode() + b"\n")
        pipe.flush()
        told = self.hear(PATIENCE)
        assert told is not None
        return Child(told["pid"], out, err, self)

    def hear(self, seconds: float) -> dict[str, Any] | None:
        """Return the next thing it says, if it says one in time."""
        pipe = self._process.stdout
        assert pipe is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            left = max(deadline - time.monotonic(), 0.0)
            if not select.select([pipe], [], [], left)[0]:
                return None
            more = os.read(pipe.fileno(), 65536)
            assert more, "the nursery ended"
            self._rest += more
        line, self._rest = self._rest.split(b"\n", 1)
        told: dict[str, Any] = json.loads(line)
        return told


def cold(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, number: int
) -> Child:
    """Start ``python -m tests.crash.doomed`` from nothing."""
    out, err = folder / f"{number}.out", folder / f"{number}.err"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.doomed", *arguments],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=to_out,
            stderr=to_err,
        )
    return Child(process.pid, out, err, process)


def _main() -> None:
    for name in _PRELOAD:
        importlib.import_module(name)
    _say({"ready": True})
    for line in sys.stdin.buffer:
        pid = os.fork()
        if not pid:
            _be_born(json.loads(line))
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"code": os.waitstatus_to_exitcode(status)})


def _say(told: dict[str, Any]) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


def _be_born(order: dict[str, Any]) -> None:
    """Be a process of one's own, run, and end."""
    code = 1
    try:
        signal.alarm(_LIFE)
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["folder"])
        new = os.O_WRONLY | os.O_APPEND
        for path, flags, number in (
            (os.devnull, os.O_RDONLY, 0),
            (order["out"], new, 1),
            (order["err"], new, 2),
        ):
            opened = os.open(path, flags, 0o600)
            os.dup2(opened, number)
            os.close(opened)
        from tests.crash import doomed

        code = doomed.main(order["arguments"])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 (as an interpreter ends: said, and not passed on)
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _main()
