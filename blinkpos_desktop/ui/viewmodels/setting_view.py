"""What the Settings tab shows: one frozen snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from blinkpos_desktop.domain.options import Group, Option
from blinkpos_desktop.ui.viewmodels.words import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What stands below a line."""

    text: str
    tone: Tone = Tone.QUIET


NOTHING: Final = Note(text="")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One setting as the page shows it."""

    option: Option
    label: str
    text: str
    hint: str
    """What stands in an empty line: what is stored, or counts without it."""
    note: Note
    is_locked: bool = False
    """The environment gives it."""
    is_changed: bool = False
    can_remove: bool = False
    """It is stored and not shown: a button takes it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsView:
    """The page at one moment."""

    group: Group = Group.SALE
    fields: tuple[FieldView, ...] = ()
    marked: frozenset[Group] = frozenset()
    """Where something is changed."""
    is_loaded: bool = False
    error: str = ""
    """Why nothing could be read."""
    is_changed: bool = False
    can_save: bool = False
    is_saving: bool = False
    is_sure_wanted: bool = False
    """Saving asks once more: a name could not be looked up."""
    told: Note = NOTHING
    """What stands beside the buttons."""
    path: str = ""
