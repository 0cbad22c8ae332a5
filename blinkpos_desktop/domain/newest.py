"""A memory that forgets the oldest, for a program that runs for weeks."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

_T = TypeVar("_T", bound=Hashable)


class Newest(Generic[_T]):
    """The newest of what was added, ``most`` at the most; adding one again does not renew it."""

    def __init__(self, most: int) -> None:
        """Start empty."""
        self._most = most
        self._order: deque[_T] = deque()
        self._known: set[_T] = set()

    def __contains__(self, value: _T) -> bool:
        return value in self._known

    def add(self, value: _T) -> None:
        """Remember a value."""
        if value in self._known:
            return
        self._order.append(value)
        self._known.add(value)
        if len(self._order) > self._most:
            self._known.discard(self._order.popleft())
