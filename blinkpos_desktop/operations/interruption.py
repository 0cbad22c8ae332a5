"""SIGINT and SIGTERM of a command, from its first line to its last."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final

LAST_EXIT_SECONDS: Final = 4.5
"""After a signal the process ends within 5 s, also when the database or a thread hangs."""
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_CANCELLED: Final = 4


class Interruption:
    """Hears both signals all the time, a second one without harm.

    The loop's own handlers come too late (seconds of imports go before it) and
    go too early (a signal during the last clean-up would kill). What a handler
    may do is little: it notes the signal, wakes the listener by ``wake``, and
    wakes a thread by a pipe, which ends the process when nothing else does.
    """

    def __init__(self) -> None:
        """Hear nothing yet."""
        self._heard = self._over = False
        self._wake: Callable[[], object] | None = None
        self._last_words: Callable[[], int] = lambda: _CANCELLED
        self._read_end, self._write_end = os.pipe()

    def start(self) -> None:
        """Hear signals from here on. Wants the main thread."""
        for number in SIGNALS:
            signal.signal(number, self._hear)
        threading.Thread(target=self._end_at_last, name="last-exit", daemon=True).start()

    def listen(self, wake: Callable[[], object]) -> None:
        """Call ``wake`` at each signal, between any two lines; at once if there was one."""
        self._wake = wake
        if self._heard:
            wake()

    def end_with(self, last_words: Callable[[], int]) -> None:
        """Call ``last_words`` in a thread when the process must end now; it gives the exit code."""
        self._last_words = last_words

    def stop(self) -> None:
        """All is done and said: no signal changes the exit code any more."""
        self._over = True
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._heard = True
        # No lock may be taken in here: the interrupted line may hold it.
        with suppress(OSError):
            os.write(self._write_end, b"!")
        if self._wake is not None:
            # A loop that is closed can't be woken, and need not be.
            with suppress(RuntimeError):
                self._wake()

    def _end_at_last(self) -> None:
        os.read(self._read_end, 1)
        time.sleep(LAST_EXIT_SECONDS)
        if self._over:
            return
        code = self._last_words()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.flush()
        os._exit(code)
