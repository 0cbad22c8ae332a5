"""The owner's settings as they are typed: a draft over what is stored, checked at every letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from blinkpos_desktop.domain.facts import (
    LookedUp,
    SettingsLoaded,
    SettingsLoadFailed,
    SettingsSaved,
    SettingsSaveFailed,
    ShopReady,
    TillRestarting,
)
from blinkpos_desktop.domain.options import (
    BY_NAME,
    LISTS,
    OPTIONS,
    Effect,
    Group,
    Kind,
    Option,
    Sheet,
    names_in,
)
from blinkpos_desktop.ui.viewmodels.again import Again
from blinkpos_desktop.ui.viewmodels.setting_view import FieldView, Note, SettingsView
from blinkpos_desktop.ui.viewmodels.setting_words import (
    TOGETHER,
    Known,
    environment_note,
    gone_note,
    help_of,
    known_note,
    label_of,
    problem_of,
    sentence_of,
    stored_note,
)
from blinkpos_desktop.ui.viewmodels.words import Tone

TYPED_MS: Final = 400
"""How long typing must rest before Blink is asked about a name."""


class SettingsModel(QObject):
    """What is typed and not yet saved.

    Signals:
        changed: a new SettingsView.
        load_wanted: what is set is to be read.
        save_wanted: the changes by name, None for what is taken out; and the sheet's stamp.
        look_up_wanted: a Kind and a name that Blink is to be asked about.
    """

    changed = Signal(object)
    load_wanted = Signal()
    save_wanted = Signal(object, str)
    look_up_wanted = Signal(object, str)

    def __init__(self, *, typed_ms: int = TYPED_MS, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.again = Again()
        self._sheet: Sheet | None = None
        self._draft: dict[str, str | None] = {}
        self._found: dict[tuple[Kind, str], Known] = {}
        self._wants_save = self._is_asked_to_leave = False
        self._said = Note(text="")
        """What became of the last save."""
        self._refused: tuple[str, str] | None = None
        """The setting that it was about, and why."""
        self._view = SettingsView()
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(typed_ms)
        self._typed.timeout.connect(self._look_up)

    @property
    def view(self) -> SettingsView:
        """The page now."""
        return self._view

    # -- what the owner does --------------------------------------------------------------------

    def open(self) -> None:
        """Read what is set, whenever the tab is opened; what is typed stays."""
        self._is_asked_to_leave = False
        self._said, self._refused = Note(text=""), None
        self._forget_failures()
        self.load_wanted.emit()

    def choose(self, group: Group) -> None:
        """Show another part of the page."""
        self._set(group=group)
        self._look_up()

    def write(self, name: str, text: str) -> None:
        """Take what stands in a line, or was chosen."""
        if self._sheet is None or self._view.is_saving or name in self._sheet.environment:
            return
        option = BY_NAME[name]
        before = "" if option.is_secret else self._stored(option)
        if "".join(text.split()) == "".join(before.split()):
            self._draft.pop(name, None)
        else:
            self._draft[name] = text
        self._typed.start()
        self._edited()

    def remove(self, name: str) -> None:
        """Take out what is stored, or leave it after all."""
        if self._view.is_saving:
            return
        if name in self._draft and self._draft[name] is None:
            del self._draft[name]
        else:
            self._draft[name] = None
        self._edited()

    def discard(self) -> None:
        """Forget what was typed."""
        if not self._view.is_saving:
            self._draft.clear()
            self._edited()

    def save(self) -> None:
        """Save what is typed: once every name is looked up, and not before it is all right."""
        if self._sheet is None or not self._view.can_save:
            return
        self._typed.stop()
        self._look_up(all_changed=True)
        wrong = [each for each in OPTIONS if each.name in self._draft and self._blocks(each)]
        if wrong:
            self._wants_save = False
            self._look_at(wrong[0])
            return
        known = {each for name in self._draft for each in self._known(name).values()}
        if Known.ASKING in known:
            self._wants_save = True
            self._set(is_sure_wanted=False)
        elif Known.NOBODY_KNOWS in known and not self._view.is_sure_wanted:
            # From here on only a person saves: no answer about another name does.
            self._wants_save = False
            self.again.ask()
            self._set(is_sure_wanted=True)
        elif self._view.is_sure_wanted and not self.again.is_meant:
            return
        else:
            self._wants_save = False
            self._set(is_saving=True, is_sure_wanted=False)
            changes = {name: text.strip() if text else None for name, text in self._draft.items()}
            self.save_wanted.emit(changes, self._sheet.stamp)

    def may_leave(self) -> bool:
        """Whether the page may go: with something unsaved the first time says so and stays."""
        if self._view.is_saving:
            return False
        if self._draft and not self._is_asked_to_leave:
            self._is_asked_to_leave = True
            self.again.ask()
            self._set()
            return False
        if self._draft and not self.again.is_meant:
            return False
        self.discard()
        return True

    # -- what has happened ----------------------------------------------------------------------

    def on_fact(self, fact: object) -> None:
        """Take a fact from the services."""
        match fact:
            case SettingsLoaded():
                self._take(fact.sheet)
                self._set(error="", is_loaded=True)
                self._look_up()
            case SettingsLoadFailed():
                self._set(error=fact.sentence)
            case SettingsSaved() if self._view.is_saving:
                self._on_saved(fact)
            case SettingsSaveFailed() if self._view.is_saving:
                if fact.sheet is not None:
                    self._take(fact.sheet)
                self._set(is_saving=False)
                self._on_refused(fact)
            case LookedUp():
                self._on_looked_up(fact)
            case TillRestarting():
                self._found.clear()
            case ShopReady():
                self._forget_failures()
                self._typed.start()

    def _on_saved(self, fact: SettingsSaved) -> None:
        is_anew = any(BY_NAME[name].effect is Effect.CONNECTIONS for name in self._draft)
        self._draft.clear()
        self._take(fact.sheet)
        said = self.tr("Saved. The till connects anew.") if is_anew else self.tr("Saved.")
        text = f"{said} {fact.told}".strip()
        self._said = Note(text=text, tone=Tone.GOOD)
        self._set(is_saving=False)

    def _on_looked_up(self, fact: LookedUp) -> None:
        known = {True: Known.YES, False: Known.NO, None: Known.NOBODY_KNOWS}[fact.is_known]
        self._found[fact.kind, fact.text] = known
        self._set()
        if self._wants_save:
            self.save()

    # -- helpers --------------------------------------------------------------------------------

    def _forget_failures(self) -> None:
        """Ask again: Blink may know by now whom it did not know, or could not be asked about."""
        self._found = {key: known for key, known in self._found.items() if known is Known.YES}

    def _take(self, sheet: Sheet) -> None:
        """Take what is set now, and keep what is typed where it differs."""
        self._sheet = sheet
        for name, text in list(self._draft.items()):
            option = BY_NAME[name]
            if name in sheet.environment or (not option.is_secret and text == self._stored(option)):
                del self._draft[name]

    def _stored(self, option: Option) -> str:
        assert self._sheet is not None
        text = self._sheet.stored.get(option.name, "")
        if option.kind is Kind.CHOICE:
            return text.lower() or option.default
        return ", ".join(text.split(",")) if option.kind in LISTS else text

    def _value(self, option: Option) -> str:
        """Return what a setting would be now."""
        assert self._sheet is not None
        if option.name in self._sheet.environment:
            return self._sheet.environment[option.name]
        if option.name in self._draft:
            return self._draft[option.name] or ""
        return self._stored(option)

    def _edited(self) -> None:
        self._wants_save = self._is_asked_to_leave = False
        self._said, self._refused = Note(text=""), None
        self._set(is_sure_wanted=False)

    def _look_at(self, option: Option) -> None:
        text = self.tr("Not saved: look at {name}.").format(name=label_of(option))
        self._said = Note(text=text, tone=Tone.ALERT)
        self._set(group=option.group)

    def _on_refused(self, fact: SettingsSaveFailed) -> None:
        sentence = sentence_of(fact.sentence)
        if fact.name:
            self._refused = fact.name, sentence
            self._look_at(BY_NAME[fact.name])
        else:
            self._said = Note(text=sentence, tone=Tone.ALERT)
            self._set()

    def _asked_of(self, names: Mapping[str, object]) -> list[tuple[Kind, str]]:
        """Return what Blink is asked about settings."""
        return [
            (_asked_kind(BY_NAME[each].kind), name)
            for each in names
            for name in names_in(BY_NAME[each].kind, self._value(BY_NAME[each]))
        ]

    def _look_up(self, *, all_changed: bool = False) -> None:
        """Ask Blink about the names on this part of the page that it was not asked about yet."""
        if self._sheet is None:
            return
        shown = {each.name: None for each in OPTIONS if each.group is self._view.group}
        names = self._draft if all_changed else shown
        right = {name: None for name in names if not self._problem(BY_NAME[name])}
        fresh = [key for key in self._asked_of(right) if key not in self._found]
        asked = dict.fromkeys([] if self._is_elsewhere else fresh)
        self._found |= dict.fromkeys(asked, Known.ASKING)
        self._set()
        for kind, name in asked:
            self.look_up_wanted.emit(kind, name)

    @property
    def _is_edited(self) -> bool:
        """Whether the file holds what is not in force."""
        return self._sheet is not None and not self._sheet.is_in_force

    @property
    def _is_elsewhere(self) -> bool:
        """Whether another Blink is typed: until it is connected it can't be asked."""
        return bool(self._draft.keys() & {"NETWORK", "API_URL", "WS_URL"})

    def _known(self, name: str) -> dict[str, Known]:
        """Return what Blink knows of a setting's names, as far as it was asked."""
        keys = self._asked_of({name: None})
        if self._is_elsewhere:
            return {text: Known.NOBODY_KNOWS for _, text in keys}
        return {text: self._found[kind, text] for kind, text in keys if (kind, text) in self._found}

    def _problem(self, option: Option) -> str:
        near = {option.name}.union(*(pair for pair in TOGETHER if option.name in pair))
        if not near & self._draft.keys() or self._draft.get(option.name, "") is None:
            return ""
        return problem_of(option, {name: self._value(BY_NAME[name]) for name in near})

    def _blocks(self, option: Option) -> bool:
        return bool(self._problem(option)) or Known.NO in self._known(option.name).values()

    def _note_of(self, option: Option) -> Note:
        """Say what is most worth knowing of a setting."""
        assert self._sheet is not None
        name = option.name
        if name in self._sheet.environment:
            return environment_note(option)
        if problem := self._problem(option):
            return Note(text=problem, tone=Tone.ALERT)
        return known_note(self._known(name), option.kind) or self._calm_note_of(option)

    def _calm_note_of(self, option: Option) -> Note:
        assert self._sheet is not None
        name = option.name
        if self._refused and self._refused[0] == name:
            return Note(text=self._refused[1], tone=Tone.ALERT)
        if name in self._draft and self._draft[name] is None:
            return gone_note()
        if name in self._sheet.keys and name not in self._draft:
            return stored_note(self._sheet.keys[name])
        return Note(text=help_of(option))

    def _field(self, option: Option) -> FieldView:
        assert self._sheet is not None
        name = option.name
        stored = self._sheet.keys.get(name) or self._sheet.stored.get(name, "")
        is_locked = name in self._sheet.environment
        hidden = option.is_secret and not is_locked
        return FieldView(
            option=option,
            label=label_of(option),
            text=(self._draft.get(name) or "") if hidden else self._value(option),
            hint=(self._hint(option, stored) if hidden else "") or self._default(option),
            note=self._note_of(option),
            is_locked=is_locked,
            is_changed=name in self._draft,
            can_remove=hidden and bool(stored),
        )

    def _default(self, option: Option) -> str:
        assert self._sheet is not None
        return option.default or self._sheet.defaults.get(option.name, "")

    def _hint(self, option: Option, stored: str) -> str:
        if not stored:
            return ""
        if option.kind is Kind.ADDRESS:
            return stored
        return self.tr("Stored; type another one to change it")

    def _told(self, view: SettingsView) -> Note:
        """Say how it stands beside the buttons."""
        if view.is_saving or not (self._draft or self._is_edited) or self._said.tone is Tone.GOOD:
            return self._said
        text = self.tr("Not saved yet.")
        if self._is_asked_to_leave:
            text = self.tr("Not saved yet: save it, or tap once more to leave without it.")
        elif view.is_sure_wanted:
            text = self.tr("Blink can't be asked about a name now. Save all the same?")
        elif self._wants_save:
            return Note(text=self.tr("Asking Blink…"))
        elif self._said.text:
            return self._said
        elif not self._draft:
            text = self.tr("The file was edited: save to bring it into force.")
        elif any(BY_NAME[name].effect is Effect.CONNECTIONS for name in self._draft):
            text = self.tr("Not saved yet. The till will connect anew.")
        return Note(text=text, tone=Tone.BUSY)

    def _set(self, **changes: object) -> None:
        new = replace(self._view, **changes)  # type: ignore[arg-type]
        if self._sheet is not None:
            fields = tuple(self._field(o) for o in OPTIONS if o.group is new.group)
            marked = frozenset(BY_NAME[name].group for name in self._draft)
            new = replace(new, fields=fields, marked=marked, path=self._sheet.path)
        new = replace(
            new,
            is_changed=bool(self._draft),
            can_save=(bool(self._draft) or self._is_edited) and not new.is_saving,
            told=self._told(new),
        )
        if new != self._view:
            self._view = new
            self.changed.emit(new)


def _asked_kind(kind: Kind) -> Kind:
    return Kind.CURRENCY if kind is Kind.CURRENCY else Kind.USERNAME
