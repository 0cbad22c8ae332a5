"""Errors, sorted by who must act.

Every error carries one plain sentence for the person at the counter
(:attr:`TillError.sentence`); the cause behind it goes to the log only.
"""

from __future__ import annotations


def quoted(text: str, limit: int = 40) -> str:
    """Return what somebody typed in quotes: short, on one line, fit for every terminal."""
    shown = "".join(char if char.isprintable() else "?" for char in text[:limit])
    return f"“{shown}”"


class TillError(Exception):
    """The root of every error that this program raises on purpose."""

    def __init__(self, sentence: str, *, cause: str = "") -> None:
        """Keep the ``sentence`` for a person and the ``cause`` for the log."""
        super().__init__(sentence if not cause else f"{sentence} [{cause}]")
        self.sentence = sentence
        self.cause = cause


class InputError(TillError):
    """The cashier or the caller asked for something that cannot be: an amount, a currency."""


class SettingsError(TillError):
    """The owner must act: a wrong setting, key, scope or recipient."""


class UnavailableError(TillError):
    """The network, Blink, its price or the database is away: it will pass."""


class RefusedError(TillError):
    """Blink refuses, or gave an answer that is not what was asked."""


class OutcomeUnknownError(UnavailableError):
    """A request left and no answer came: it may or may not have been carried out."""


class IllegalMoveError(TillError):
    """A change of state that the tables do not allow: a bug, never a shrug."""
