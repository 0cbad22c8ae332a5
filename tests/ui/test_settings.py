"""The Settings tab: what is typed is checked, looked up, saved, and not lost by a stray tap."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.facts import (
    AttentionChanged,
    InvoiceReady,
    LookedUp,
    PaymentPaid,
    SettingsLoaded,
    SettingsLoadFailed,
    SettingsSaved,
    SettingsSaveFailed,
    TillRestarting,
)
from blinkpos_desktop.domain.options import OPTIONS, Group, Kind, Sheet
from blinkpos_desktop.settings import Settings
from blinkpos_desktop.ui.assembly import wear
from blinkpos_desktop.ui.pages.settings_page import SettingsPage
from blinkpos_desktop.ui.viewmodels.setting_view import FieldView
from blinkpos_desktop.ui.viewmodels.settings import SettingsModel
from blinkpos_desktop.ui.viewmodels.view import Screen
from blinkpos_desktop.ui.viewmodels.words import Tone
from tests.ui.fakes import payment_for, sale_of, shop, waiting
from tests.ui.screens import SIZES, Stage
from tests.ui.screens.settings import SHEET, opened

NAME = Kind.USERNAME
ZONE = "It is “Moon”: name a zone that this machine knows, such as Europe/Vienna."
TOGETHER = "Set Other address for questions and Other address for updates together, or neither."


class Owner:
    """Somebody at a model: types, and is Blink and the file as well."""

    def __init__(self, sheet: Sheet = SHEET) -> None:
        self.model = SettingsModel(typed_ms=0)
        self.model.again.seconds = 0.0
        self.asked: list[tuple[Kind, str]] = []
        self.saved: list[tuple[dict[str, str | None], str]] = []
        self.model.look_up_wanted.connect(lambda kind, text: self.asked.append((kind, text)))
        self.model.save_wanted.connect(lambda what, stamp: self.saved.append((what, stamp)))
        self.model.on_fact(SettingsLoaded(sheet=sheet))

    def types(self, name: str, text: str) -> None:
        self.model.write(name, text)
        self.model._typed.stop()
        self.model._look_up()

    def hears(self, kind: Kind, text: str, *, is_known: bool | None) -> None:
        self.model.on_fact(LookedUp(kind=kind, text=text, is_known=is_known))

    def knows(self, *names: str) -> None:
        for name in names:
            self.hears(NAME, name, is_known=True)

    def field(self, name: str) -> FieldView:
        [found] = [each for each in self.model.view.fields if each.option.name == name]
        return found

    @property
    def told(self) -> str:
        return self.model.view.told.text


def test_what_is_set_is_shown_and_blink_is_asked_about_its_names() -> None:
    owner = Owner()
    assert owner.field("TIP_RECIPIENTS").text == "ana:60, ben:40"
    assert owner.field("TIP_PRESETS").text == "5, 10, 15"
    assert owner.asked == [
        (NAME, "cafe_am_see"), (NAME, "ana"), (NAME, "ben"), (Kind.CURRENCY, "EUR")
    ]  # fmt: skip
    owner.knows("ana")
    assert owner.field("TIP_RECIPIENTS").note.text == "Asking Blink…"
    owner.knows("ben")
    assert owner.field("TIP_RECIPIENTS").note.text == "✓ ana, ben: found at Blink"
    assert not owner.model.view.is_changed


def test_every_setting_is_somewhere_on_the_page() -> None:
    owner = Owner()
    shown = []
    for group in Group:
        owner.model.choose(group)
        shown += [each.option for each in owner.model.view.fields]
        assert all(each.label and each.note.text for each in owner.model.view.fields)
    assert shown == list(OPTIONS)


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        ("MERCHANT", "no", "It is not a Blink username: 3 to 50 letters, digits or underscores."),
        ("TIP_RECIPIENTS", "ana:60,ben", "Give every tip recipient a share, or none of them."),
        ("TIP_PRESETS", "1,2,3,4,5", "It takes up to four percentages above 0, as 10,15,20."),
        ("CURRENCY", "$", "It is “$”: use SATS or a code such as USD."),
        ("TIMEZONE", "Moon", ZONE),
        ("API_KEY", "short", "It must be a Blink API key without spaces (blink_…)."),
        ("WS_URL", "ws://blink.example", TOGETHER),
        ("REDIS_URL", "6379", "It must start with redis:// or the like and have a valid address."),
        ("BACKUP_PASSPHRASE", "horse", "It must have at least 8 characters."),
        ("METRICS_PORT", "0", "It is “0”: use 1 to 65535."),
    ],
)  # fmt: skip
def test_a_wrong_value_says_so_at_once_and_is_not_saved(name: str, text: str, note: str) -> None:
    owner = Owner(Sheet(stored={}))
    [option] = [each for each in OPTIONS if each.name == name]
    owner.model.choose(option.group)
    owner.types(name, text)
    assert owner.field(name).note.text == note
    assert owner.field(name).note.tone is Tone.ALERT
    owner.model.choose(Group.SALE if option.group is not Group.SALE else Group.TILL)
    owner.model.save()
    assert owner.saved == []
    assert owner.model.view.group is option.group
    assert owner.told.startswith("Not saved: look at ")
    owner.model.write(name, "")
    assert owner.field(name).note.tone is not Tone.ALERT


def test_an_unknown_name_is_not_saved_and_the_last_one_typed_counts() -> None:
    owner = Owner()
    owner.knows("cafe_am_see", "ana", "ben")
    owner.types("MERCHANT", "kiosk")
    owner.types("MERCHANT", "kiosk2")
    # The older answer comes last, and is about a name that is no longer there.
    owner.hears(NAME, "kiosk2", is_known=False)
    owner.hears(NAME, "kiosk", is_known=True)
    note = owner.field("MERCHANT").note
    assert note.text == "kiosk2: not found at Blink. Check the spelling."
    owner.model.save()
    assert owner.saved == []
    assert owner.told == "Not saved: look at Merchant."
    owner.types("MERCHANT", "Kiosk")
    assert owner.field("MERCHANT").note.tone is Tone.GOOD
    owner.model.save()
    assert owner.saved == [({"MERCHANT": "Kiosk"}, "1")]


def test_saving_waits_for_blinks_answer() -> None:
    owner = Owner()
    owner.model.write("MERCHANT", "kiosk")
    owner.model.save()
    assert owner.asked[-1] == (NAME, "kiosk")
    assert (owner.saved, owner.told) == ([], "Asking Blink…")
    owner.knows("kiosk")
    assert owner.saved == [({"MERCHANT": "kiosk"}, "1")]
    assert owner.model.view.is_saving


def test_without_blink_it_is_saved_when_somebody_is_sure() -> None:
    owner = Owner()
    owner.types("TIP_RECIPIENTS", "eva")
    owner.hears(NAME, "eva", is_known=None)
    assert owner.field("TIP_RECIPIENTS").note.text == "Blink can't be asked about eva now."
    owner.model.save()
    assert owner.saved == []
    assert owner.model.view.is_sure_wanted
    assert owner.told == "Blink can't be asked about a name now. Save all the same?"
    owner.model.save()
    assert owner.saved == [({"TIP_RECIPIENTS": "eva"}, "1")]


def test_an_answer_about_another_name_saves_nothing_that_a_person_was_asked_about() -> None:
    owner = Owner()
    owner.types("TIP_RECIPIENTS", "eva, rosa")
    owner.model.save()
    assert owner.told == "Asking Blink…"
    owner.hears(NAME, "eva", is_known=None)
    owner.hears(NAME, "rosa", is_known=None)
    assert owner.model.view.is_sure_wanted
    owner.hears(Kind.CURRENCY, "EUR", is_known=True)
    assert owner.saved == []


def test_a_double_tap_neither_saves_unasked_nor_leaves() -> None:
    owner = Owner()
    owner.types("TIP_RECIPIENTS", "eva")
    owner.hears(NAME, "eva", is_known=None)
    owner.model.again.seconds = 60.0
    for _ in range(2):
        owner.model.save()
        assert not owner.model.may_leave()
    assert (owner.saved, owner.model.view.is_changed) == ([], True)
    owner.model.again.seconds = 0.0
    assert owner.model.may_leave()


def test_at_another_blink_names_are_not_looked_up_at_this_one() -> None:
    owner = Owner()
    owner.model.write("NETWORK", "staging")
    before = len(owner.asked)
    owner.types("MERCHANT", "kiosk")
    assert len(owner.asked) == before
    owner.model.save()
    assert owner.model.view.is_sure_wanted
    owner.types("NETWORK", "mainnet")
    assert owner.asked[before:] == [(NAME, "kiosk")]


def test_a_save_that_is_done_is_told() -> None:
    owner = Owner()
    owner.types("TIP_PRESETS", "10")
    assert owner.told == "Not saved yet."
    owner.model.save()
    sheet = replace(SHEET, stored={**SHEET.stored, "TIP_PRESETS": "10"}, stamp="2")
    owner.model.on_fact(SettingsSaved(sheet=sheet))
    assert owner.told == "Saved."
    assert not owner.model.view.is_changed
    owner.model.choose(Group.TILL)
    owner.types("TILL", "pool")
    assert owner.model.view.is_changed is False, "the environment gives it"
    owner.model.choose(Group.WATCH)
    owner.types("METRICS_PORT", "9464")
    assert owner.told == "Not saved yet. The till will connect anew."
    owner.model.save()
    assert owner.saved[-1] == ({"METRICS_PORT": "9464"}, "2")
    owner.model.on_fact(SettingsSaved(sheet=sheet, told="The key of till is stored."))
    assert owner.told == "Saved. The till connects anew. The key of till is stored."


def test_what_somebody_else_wrote_meanwhile_is_shown_and_the_draft_is_kept() -> None:
    owner = Owner()
    owner.types("TIP_PRESETS", "10")
    owner.model.save()
    sheet = replace(SHEET, stored={"MERCHANT": "elsewhere", "TIP_PRESETS": "20"}, stamp="2")
    owner.model.on_fact(SettingsSaveFailed(sentence="It was changed.", sheet=sheet))
    assert owner.told == "It was changed."
    assert owner.field("MERCHANT").text == "elsewhere"
    assert owner.field("TIP_PRESETS").text == "10"
    owner.model.save()
    assert owner.saved[-1] == ({"TIP_PRESETS": "10"}, "2")


def test_what_somebody_edited_comes_into_force_with_a_save() -> None:
    owner = Owner(replace(SHEET, is_in_force=False))
    assert owner.told == "The file was edited: save to bring it into force."
    assert owner.model.may_leave()
    owner.model.save()
    assert owner.saved == [({}, "1")]
    owner.model.on_fact(SettingsSaved(sheet=SHEET))
    assert (owner.told, owner.model.view.can_save) == ("Saved.", False)


def test_a_refused_key_is_said_beside_its_line() -> None:
    owner = Owner()
    owner.model.choose(Group.BLINK)
    owner.types("API_KEY", "blink_0123456789")
    owner.model.choose(Group.SALE)
    owner.model.save()
    assert owner.saved == [({"API_KEY": "blink_0123456789"}, "1")]
    refused = SettingsSaveFailed(sentence="Blink refuses BLINKPOS_API_KEY.", name="API_KEY")
    owner.model.on_fact(refused)
    assert owner.model.view.group is Group.BLINK
    assert owner.field("API_KEY").note.text == "Blink refuses Blink key."
    assert owner.told == "Not saved: look at Blink key."


def test_a_secret_is_not_shown_is_replaced_and_removed() -> None:
    owner = Owner()
    owner.model.choose(Group.LEDGER)
    field = owner.field("DATABASE_URL")
    assert (field.text, field.hint) == ("", SHEET.stored["DATABASE_URL"])
    owner.model.remove("DATABASE_URL")
    assert owner.field("DATABASE_URL").note.text == "Will be removed when you save."
    owner.model.remove("DATABASE_URL")
    assert not owner.model.view.is_changed
    owner.types("DATABASE_DIRECT_URL", "postgresql://direct.example/till")
    assert owner.field("DATABASE_DIRECT_URL").note.tone is Tone.QUIET, "with a stored one: fine"
    owner.model.remove("DATABASE_URL")
    assert owner.field("DATABASE_DIRECT_URL").note.tone is Tone.ALERT
    owner.model.choose(Group.BLINK)
    assert owner.field("API_KEY").note.text == "✓ Stored in the system's keychain"
    owner.types("API_KEY", "blink_0123456789")
    owner.model.write("API_KEY", "")
    assert "API_KEY" not in owner.model._draft


def test_what_is_typed_is_not_lost_by_a_stray_tap() -> None:
    owner = Owner()
    assert owner.model.may_leave()
    owner.types("TIP_PRESETS", "10")
    assert not owner.model.may_leave()
    assert owner.told == "Not saved yet: save it, or tap once more to leave without it."
    owner.types("TIP_PRESETS", "12")
    assert not owner.model.may_leave(), "asked anew after another letter"
    assert owner.model.may_leave()
    assert not owner.model.view.is_changed
    owner.types("TIP_PRESETS", "10")
    owner.model.discard()
    assert owner.model.may_leave()


def test_names_are_looked_up_anew_by_another_engine() -> None:
    owner = Owner()
    count = len(owner.asked)
    owner.model.on_fact(TillRestarting(network=""))
    owner.model.on_fact(shop())
    owner.model._look_up()
    assert len(owner.asked) == 2 * count


# -- the page -------------------------------------------------------------------------------------


@pytest.fixture
def tab(qtbot: QtBot) -> tuple[Stage, SettingsPage]:
    stage = opened()[0]
    qtbot.addWidget(stage.window)
    stage.window.resize(SIZES[0])
    stage.window.show()
    page = stage.window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    return stage, page


def line(page: SettingsPage, name: str) -> QLineEdit:
    found = page.fields[name].line
    assert found is not None
    return found


def test_typed_and_saved_by_keyboard(tab: tuple[Stage, SettingsPage]) -> None:
    stage, page = tab
    field = line(page, "TIP_PRESETS")
    for _ in range(40):
        if field.hasFocus():
            break
        QTest.keyClick(stage.window.focusWidget(), Qt.Key.Key_Tab)
    assert field.hasFocus()
    field.selectAll()
    QTest.keyClicks(field, "5,7.5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert stage.bridge.settings_saves == [({"TIP_PRESETS": "5,7.5"}, "1")]
    assert page.save.text() == "Saving…"
    stage.tell(SettingsSaved(sheet=replace(SHEET, stored={"TIP_PRESETS": "5,7.5"}, stamp="2")))
    assert field.text() == "5, 7.5"
    assert page.told.text() == "Saved."
    assert not page.save.isEnabled()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert stage.window.stack.currentWidget() is stage.window.page(Screen.KEYPAD)


def test_tab_goes_down_the_page(tab: tuple[Stage, SettingsPage]) -> None:
    stage, page = tab
    page.groups[Group.BLINK].click()
    QTest.qWait(1)
    page.groups[Group.BLINK].setFocus()
    wanted = [line(page, "API_KEY"), page.fields["API_KEY"].remove, line(page, "PAYOUT_KEY")]
    reached = []
    # The groups behind it come first.
    for _ in range(len(Group) + 12):
        QTest.keyClick(stage.window.focusWidget(), Qt.Key.Key_Tab)
        reached.append(stage.window.focusWidget())
    start = reached.index(wanted[0])
    assert reached[start : start + 3] == wanted
    assert reached.index(line(page, "WS_URL")) > start
    line(page, "WS_URL").setText("x")
    line(page, "WS_URL").textEdited.emit("x")
    line(page, "WS_URL").setFocus()
    for button in (page.discard, page.save):
        QTest.keyClick(stage.window.focusWidget(), Qt.Key.Key_Tab)
        assert stage.window.focusWidget() is button


def test_nothing_moves_when_something_is_wrong(tab: tuple[Stage, SettingsPage]) -> None:
    stage, page = tab
    places = [each.geometry() for each in page.fields.values()]
    line(page, "MERCHANT").selectAll()
    QTest.keyClicks(line(page, "MERCHANT"), "it is long, and wrong in more ways than one")
    page.save.click()
    QTest.qWait(1)
    assert page.fields["MERCHANT"].note.text().startswith("It is not a Blink username")
    assert [each.geometry() for each in page.fields.values()] == places
    assert stage.bridge.settings_saves == []


def test_another_tab_asks_once(tab: tuple[Stage, SettingsPage]) -> None:
    stage, page = tab
    window = stage.window
    QTest.keyClicks(line(page, "TIP_PRESETS"), ",20")
    window.tips_tab.click()
    assert window.stack.currentWidget() is page
    assert window.settings_tab.isChecked()
    assert "tap once more" in page.told.text()
    model = window.findChild(SettingsModel)
    assert model is not None
    model.again.seconds = 0.0
    window.tips_tab.click()
    assert window.stack.currentWidget() is window.page("tips")
    window.settings_tab.click()
    stage.tell(SettingsLoaded(sheet=SHEET))
    assert line(page, "TIP_PRESETS").text() == "5, 10, 15"


def test_a_customers_code_is_never_held_up(tab: tuple[Stage, SettingsPage]) -> None:
    stage, page = tab
    QTest.keyClicks(line(page, "TIP_PRESETS"), ",20")
    stage.till._view = replace(stage.till.view, screen=Screen.MAKING, sale=sale_of())
    stage.till._asked.ask(sale_of())
    stage.tell(InvoiceReady(payment=payment_for(sale_of())))
    assert stage.window.stack.currentWidget() is stage.window.page(Screen.INVOICE)


def test_what_is_typed_stays_where_it_is_behind_a_sale(tab: tuple[Stage, SettingsPage]) -> None:
    stage, page = tab
    QTest.keyClicks(line(page, "TIP_PRESETS"), ",20")
    stage.window._turn_to(stage.window.page(Screen.KEYPAD))
    stage.window.settings_tab.click()
    stage.tell(SettingsLoaded(sheet=SHEET))
    assert line(page, "TIP_PRESETS").text() == "5, 10, 15,20"


def test_a_file_that_cannot_be_read_is_said_and_read_again(qtbot: QtBot) -> None:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    stage.window.show()
    stage.window.settings_tab.click()
    page = stage.window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    stage.tell(SettingsLoadFailed(sentence="The settings file is not valid TOML."))
    assert "not valid TOML" in page._state.text()
    page.retry.click()
    assert stage.bridge.settings_loads == 2
    stage.tell(SettingsLoaded(sheet=SHEET))
    assert line(page, "CURRENCY").text() == "EUR"


def test_a_choice_stays_chosen_and_the_environments_is_locked(qtbot: QtBot) -> None:
    stage, model = opened(Group.BLINK)
    qtbot.addWidget(stage.window)
    page = stage.window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    buttons = page.fields["NETWORK"].choices
    assert buttons["mainnet"].isChecked()
    buttons["staging"].click()
    buttons["staging"].click()
    assert buttons["staging"].isChecked()
    assert model._draft == {"NETWORK": "staging"}
    page.groups[Group.TILL].click()
    assert not line(page, "TILL").isEnabled()
    assert "BLINKPOS_TILL" in page.fields["TILL"].note.text()


def test_an_open_window_wears_other_settings(qtbot: QtBot, tmp_path: Path) -> None:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    zone = ZoneInfo("Asia/Tokyo")
    wear(
        stage.window,
        Settings(
            api_url="",
            ws_url="",
            data_dir=tmp_path,
            state_dir=tmp_path,
            tip_presets=(Fraction(12), Fraction(18)),
            timezone=zone,
        ),
    )
    assert (stage.tips.zone, stage.history.zone) == (zone, zone)
    stage.type("21").till.ok()
    percents = [each.percent for each in stage.till.view.tip_choices]
    assert percents == [Fraction(12), Fraction(18)]


def test_another_engine_begins_with_nothing_told_and_keeps_what_is_typed(qtbot: QtBot) -> None:
    stage = Stage().ready().type("21")
    qtbot.addWidget(stage.window)
    stage.tell(AttentionChanged(items=(waiting(),)))
    stage.tell(PaymentPaid(payment=payment_for(sale_of(), number=7, was_closed=True)))
    assert stage.till.view.can_charge
    stage.tell(TillRestarting(network="test network"))
    view = stage.till.view
    assert (view.shown, view.can_charge, view.notices) == ("21", False, ())
    assert view.blocked == "Preparing the database…"
    assert stage.window.attention_tab.isHidden()
    assert "TEST MONEY" in stage.window._band.text()
    stage.ready()
    assert stage.till.view.can_charge


def test_everything_has_a_name_for_a_screen_reader(tab: tuple[Stage, SettingsPage]) -> None:
    _, page = tab
    for group in Group:
        page.groups[group].click()
        shown = [*page.findChildren(QAbstractButton), *page.findChildren(QLineEdit)]
        assert all(each.accessibleName() for each in shown if each.isVisible())
        assert page.findChildren(QLabel)
