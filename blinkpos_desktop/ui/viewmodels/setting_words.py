"""A setting in words: its label, and what is said below its line."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from PySide6.QtCore import QCoreApplication

from blinkpos_desktop import settings
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.options import OPTIONS, Group, Kind, Option
from blinkpos_desktop.ui.viewmodels.setting_view import Note
from blinkpos_desktop.ui.viewmodels.words import Tone

TOGETHER: Final = (("API_URL", "WS_URL"), ("DATABASE_URL", "DATABASE_DIRECT_URL"))
"""Settings of which one is checked with the other."""


class Known(Enum):
    """Whether Blink knows a name."""

    ASKING = "asking"
    YES = "yes"
    NO = "no"
    NOBODY_KNOWS = "nobody knows"
    """Blink could not be asked."""


def label_of(option: Option) -> str:
    """Return a setting's name for a person."""
    return _tr(option.label)


def choice_text(choice: str) -> str:
    """Return what stands on the button of a choice."""
    return _tr(choice.capitalize())


def group_text(group: Group) -> str:
    """Return the name of a part of the page."""
    return _tr(group.value)


def help_of(option: Option) -> str:
    """Return what a setting is for."""
    return _tr(option.help)


def problem_of(option: Option, values: dict[str, str]) -> str:
    """Say what is wrong with a setting's text among all the others; empty when nothing is."""
    text = values.get(option.name, "").strip()
    if option.kind is Kind.CHOICE and text and text.lower() not in option.choices:
        allowed = ", ".join(option.choices)
        return _tr("Allowed are {allowed}.").format(allowed=allowed)
    names = {option.name}.union(*(pair for pair in TOGETHER if option.name in pair))
    given = {name: text for name in names if (text := values.get(name, "").strip())}
    if option.is_secret and option.kind is Kind.ADDRESS:
        # What is stored is not shown, so it can't be checked again: it was, when it was stored.
        given = {name: _whole(text) for name, text in given.items()}
    if option.name not in given and len(names) == 1:
        return ""
    try:
        if option.kind is Kind.KEY:
            settings.check_key(text, option.name)
        else:
            settings.check(given)
    except SettingsError as error:
        return _own(error.sentence, option)
    return ""


def sentence_of(sentence: str) -> str:
    """Return a sentence of the checks with the labels of this page in it."""
    for option in sorted(OPTIONS, key=lambda each: -len(each.name)):
        sentence = sentence.replace(f"BLINKPOS_{option.name}", label_of(option))
    return sentence


def known_note(found: dict[str, Known], kind: Kind) -> Note | None:
    """Say what Blink knows of usernames, or of a currency; None without any."""
    is_money = kind is Kind.CURRENCY
    if not found:
        return None
    by = {known: [n for n in found if found[n] is known] for known in Known}
    if missing := by[Known.NO]:
        text = _tr("{names}: not found at Blink. Check the spelling.")
        text = _tr("{names}: Blink lists no such currency.") if is_money else text
        return Note(text=text.format(names=", ".join(missing)), tone=Tone.ALERT)
    if by[Known.ASKING]:
        return Note(text=_tr("Asking Blink…"), tone=Tone.QUIET)
    if unknown := by[Known.NOBODY_KNOWS]:
        text = _tr("Blink can't be asked about {names} now.")
        return Note(text=text.format(names=", ".join(unknown)), tone=Tone.BUSY)
    text = _tr("\N{CHECK MARK} {names}: found at Blink")
    text = _tr("\N{CHECK MARK} {names}: Blink lists it") if is_money else text
    return Note(text=text.format(names=", ".join(by[Known.YES])), tone=Tone.GOOD)


def environment_note(option: Option) -> Note:
    """Say that the environment goes before the file."""
    text = _tr("Set by the environment, as BLINKPOS_{name}: it can be changed only there.")
    return Note(text=text.format(name=option.name), tone=Tone.BUSY)


def stored_note(place: str) -> Note:
    """Say where a key is."""
    return Note(text=_tr("\N{CHECK MARK} Stored in {place}").format(place=place), tone=Tone.GOOD)


def gone_note() -> Note:
    """Say what is about to be taken out."""
    return Note(text=_tr("Will be removed when you save."), tone=Tone.BUSY)


def _own(sentence: str, option: Option) -> str:
    """Return a sentence about a setting as it reads below its line: short, without its name."""
    name = f"BLINKPOS_{option.name}"
    text = sentence.removeprefix(f"{name}: ")
    text = re.sub(rf"^{name} ", _tr("It "), text)
    if option.kind is not Kind.RECIPIENTS:
        text = re.sub(
            "^\N{LEFT DOUBLE QUOTATION MARK}.*\N{RIGHT DOUBLE QUOTATION MARK}", _tr("It"), text
        )
    text = re.sub(r"( or \S+://){3,}", _tr(" or the like"), text)
    return sentence_of(text)


def _whole(text: str) -> str:
    """Return an address as one that passes, where its secret parts are stars."""
    return text.replace("***", "x") if "***" in text else text


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
