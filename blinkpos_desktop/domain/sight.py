"""Whether payments can be seen: two ways there are, and since when each of them fails.

The updates over the socket are one way, questions by HTTP the other. One of
them is enough. All times are seconds on a clock that only goes forward.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

BLIND_AFTER: Final = 10.0
"""Seconds for which both ways must have failed before it is said."""
QUESTION_EVERY: Final = 5.0
"""While the socket is away no longer than this without any question."""
QUESTION_AGAIN: Final = 2.0
"""The same after a question that failed: good news must not wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is known of both ways. Start with :meth:`begin`."""

    lost_at: float | None
    """Since when the socket is away; ``None`` while it is there."""
    asked_at: float
    """When the newest question left, whatever became of it."""
    failing_at: float | None = None
    """When the first of the questions left that failed in a row; ``None`` when the last did not."""
    proven_at: float | None = None
    """When the newest question left that was answered."""

    @classmethod
    def begin(cls, now: float) -> Sight:
        """Return it before anything is connected or asked: the socket is away since now."""
        return cls(lost_at=now, asked_at=now)

    def connected(self) -> Sight:
        """Return it after the socket came."""
        return replace(self, lost_at=None)

    def lost(self, now: float) -> Sight:
        """Return it after the socket went, or did not come again."""
        return self if self.lost_at is not None else replace(self, lost_at=now)

    def asked(self, now: float) -> Sight:
        """Return it after a question has left."""
        return replace(self, asked_at=max(self.asked_at, now))

    def answered(self, asked_at: float) -> Sight:
        """Return it after the answer to the question that left at ``asked_at``."""
        newest = asked_at if self.proven_at is None else max(self.proven_at, asked_at)
        return replace(self, failing_at=None, proven_at=newest)

    def unanswered(self, asked_at: float) -> Sight:
        """Return it after the question that left at ``asked_at`` has failed."""
        if self.proven_at is not None and asked_at < self.proven_at:
            # One that left later was answered: that it failed is no news.
            return self
        return self if self.failing_at is not None else replace(self, failing_at=asked_at)

    def is_blind(self, now: float) -> bool:
        """Tell whether both ways have been failing for long enough to say so."""
        if self.lost_at is None or self.failing_at is None:
            return False
        return now - max(self.lost_at, self.failing_at) >= BLIND_AFTER

    def wants_question(self, now: float) -> bool:
        """Tell whether something must be asked, so that the truth is known without the socket."""
        if self.lost_at is None:
            return False
        every = QUESTION_EVERY if self.failing_at is None else QUESTION_AGAIN
        return now - self.asked_at >= every
