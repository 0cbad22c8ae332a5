"""How far a long command is, for whoever looks at its terminal."""

from __future__ import annotations

import sys
from contextlib import suppress
from types import TracebackType
from typing import Self


class ProgressLine:
    """Says a step on stderr: as a line that counts in a terminal, and once elsewhere."""

    def __init__(self, step: str) -> None:
        """Name the step, in the words of a person."""
        self._step = step
        self._is_live = sys.stderr is not None and sys.stderr.isatty()
        self._width = 0

    def __enter__(self) -> Self:
        """Say that the step begins."""
        self._show(f"{self._step} …" if self._is_live else f"{self._step} …\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the line."""
        if self._is_live:
            self._show("\n")

    def tell(self, table: str, done: int, total: int) -> None:
        """Say how many rows of a table are done, of how many (0 when nobody knows)."""
        if self._is_live:
            of = f" of {total:,}" if total else ""
            text = f"{self._step}: {table} {done:,}{of}"
            self._show("\r" + text.ljust(self._width))
            self._width = len(text)

    def _show(self, text: str) -> None:
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.write(text)
                sys.stderr.flush()
