"""What the owner chose is worn at once, and another choice without a restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from blinkpos_desktop.configuring import Configuring
from blinkpos_desktop.domain.appearance import USUAL, Appearance, Look, Motion
from blinkpos_desktop.domain.facts import SettingsLoaded, SettingsSaved
from blinkpos_desktop.domain.options import Group
from blinkpos_desktop.settings import load
from blinkpos_desktop.ui import wardrobe
from blinkpos_desktop.ui.assembly import wear
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.pages.settings_page import SettingsPage
from blinkpos_desktop.ui.pages.success_page import SuccessPage
from blinkpos_desktop.ui.sounds import VOLUMES, Sounds
from blinkpos_desktop.ui.theme import DARK, LIGHT, PALETTES
from blinkpos_desktop.ui.viewmodels.view import Screen, Sound
from blinkpos_desktop.ui.widgets.check import CheckMark
from tests.ui.screens import SIZES, Stage, keypad, on_stage, sale


def ground(stage: Stage) -> str:
    return stage.window.grab().toImage().pixelColor(2, 200).name()


def success_page(stage: Stage) -> SuccessPage:
    page = stage.window.page(Screen.SUCCESS)
    assert isinstance(page, SuccessPage)
    return page


@pytest.mark.parametrize("look", PALETTES)
def test_a_look_is_worn_without_a_restart(qtbot: QtBot, look: Look) -> None:
    stage = on_stage(keypad.empty, SIZES[1])
    qtbot.addWidget(stage.window)
    for other in (*PALETTES, look):
        stage.window.wear(replace(USUAL, look=other))
        assert ground(stage) == PALETTES[other].colours.window.lower()
    # One tap by accident does not take the contrast away that somebody needs.
    assert stage.window._header.theme.isVisible() is (look is not Look.CONTRAST)


def test_the_systems_look_is_followed_until_one_is_chosen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [Look.DARK]
    monkeypatch.setattr(
        wardrobe, "look_worn", lambda look: asked[0] if look is Look.SYSTEM else look
    )
    stage = on_stage(keypad.empty, SIZES[1], appearance=USUAL)
    qtbot.addWidget(stage.window)
    hints = QGuiApplication.styleHints()
    for look in (Look.LIGHT, Look.DARK, Look.LIGHT):
        asked[0] = look
        hints.colorSchemeChanged.emit(Qt.ColorScheme.Unknown)
        assert ground(stage) == PALETTES[look].colours.window.lower()
    stage.window.wear(replace(USUAL, look=Look.DARK))
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Unknown)
    assert ground(stage) == PALETTES[Look.DARK].colours.window.lower()


def test_text_grows_at_once_and_the_window_stays(qtbot: QtBot) -> None:
    stage = on_stage(keypad.offline, SIZES[1])
    qtbot.addWidget(stage.window)
    page = stage.window.page(Screen.KEYPAD)
    assert isinstance(page, KeypadPage)
    before = page.hint.fontMetrics().height()
    stage.window.wear(replace(USUAL, text_scale=200))
    QApplication.processEvents()
    assert page.hint.fontMetrics().height() > 1.9 * before
    assert stage.window.size() == SIZES[1]


def drawn(check: CheckMark) -> float:
    return check._drawn


def test_with_reduced_motion_the_check_mark_is_whole_at_once(qtbot: QtBot) -> None:
    stage = on_stage(keypad.empty, SIZES[0])
    qtbot.addWidget(stage.window)
    stage.window.wear(replace(USUAL, motion=Motion.REDUCED))
    check = success_page(stage).check
    check.play()
    assert drawn(check) == 1.0
    assert check._motion.state() is check._motion.State.Stopped
    # In full motion it begins with nothing.
    stage.window.wear(USUAL)
    check.play()
    assert check._motion.state() is check._motion.State.Running
    assert drawn(check) < 1.0


def test_the_green_page_goes_by_itself_and_the_tap_still_works(qtbot: QtBot) -> None:
    stage = on_stage(sale.success, SIZES[0])
    qtbot.addWidget(stage.window)
    stay = success_page(stage)._stay
    assert stay.isActive()
    assert stay.interval() == USUAL.success_seconds * 1_000
    stage.window.wear(replace(USUAL, success_seconds=2))
    assert stay.interval() == 2_000
    stay.timeout.emit()
    assert stage.till.view.screen is Screen.KEYPAD
    assert not stay.isActive()


def test_the_next_green_page_has_its_own_time(qtbot: QtBot) -> None:
    stage = on_stage(sale.success, SIZES[0])
    qtbot.addWidget(stage.window)
    stay = success_page(stage)._stay
    stage.till.dismiss_success()
    QApplication.processEvents()
    assert not stay.isActive()


class Effect:
    """What a sound is played by."""

    def __init__(self) -> None:
        self.volume, self.played = -1.0, 0

    def setVolume(self, volume: float) -> None:
        self.volume = volume

    def play(self) -> None:
        self.played += 1


def test_the_volume_is_a_part_of_each_sounds_own_and_0_is_off() -> None:
    effect = Effect()
    sounds = Sounds()
    sounds._effects = {Sound.SUCCESS: effect}  # type: ignore[dict-item]
    sounds.set_volume(50)
    assert effect.volume == pytest.approx(VOLUMES[Sound.SUCCESS] / 2)
    sounds.play(Sound.SUCCESS)
    sounds.set_volume(0)
    sounds.play(Sound.SUCCESS)
    assert effect.played == 1


def test_sounds_that_were_off_are_loaded_when_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads: list[Sounds] = []

    def load(sounds: Sounds) -> dict[Sound, object]:
        loads.append(sounds)
        return {}

    monkeypatch.setattr(Sounds, "_load", load)
    sounds = Sounds(volume=0)
    sounds.prepare()
    assert loads == []
    sounds.set_volume(80)
    assert loads == [sounds]
    # Before it is time QtMultimedia is not to be imported.
    early = Sounds(volume=0)
    early.set_volume(80)
    assert loads == [sounds]


def test_the_window_tells_its_sounds(qtbot: QtBot) -> None:
    stage = Stage()
    qtbot.addWidget(stage.window)
    sounds = stage.window.findChild(Sounds)
    assert sounds is not None
    stage.window.wear(Appearance(volume=30))
    assert sounds._volume == 30


def test_another_look_is_in_force_at_once_and_in_the_file(qtbot: QtBot, tmp_path: Path) -> None:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    file = tmp_path / "blinkpos.toml"
    file.write_text('# Ours\ntheme = "dark" # at night\n')
    worn: list[Appearance] = []
    stage.window.appearance_changed.connect(worn.append)
    configuring = Configuring(
        load({}, file),
        file=file,
        directory=lambda: pytest.fail("nothing is looked up"),
        take_over=lambda fresh, _anew: wear(stage.window, fresh),
        environ={},
    )
    stage.window.open_settings()
    stage.tell(SettingsLoaded(sheet=asyncio.run(configuring.read())))
    page = stage.window.stack.currentWidget()
    assert isinstance(page, SettingsPage)
    page.groups[Group.LOOK].click()
    small = page.told.fontMetrics().height()
    page.fields["THEME"].choices["light"].click()
    for name, text in {"TEXT_SCALE": "150", "VOLUME": "0"}.items():
        line = page.fields[name].line
        assert line is not None
        line.selectAll()
        QTest.keyClicks(line, text)
    page.save.click()
    [(changes, stamp)] = stage.bridge.settings_saves
    assert f"background: {DARK.window}" in stage.window.styleSheet()
    sheet, told = asyncio.run(configuring.save(changes, stamp))
    stage.tell(SettingsSaved(sheet=sheet, told=told))
    assert worn == [Appearance(look=Look.LIGHT, text_scale=150, volume=0)]
    assert stage.window.styleSheet().count(LIGHT.window)
    assert not stage.window.styleSheet().count(DARK.window)
    assert page.told.fontMetrics().height() > small
    assert page.fields["THEME"].choices["light"].isChecked()
    assert file.read_text() == (
        '# Ours\ntheme = "light" # at night\ntext_scale = 150\nvolume = 0\n'
    )


def test_a_theme_chosen_by_hand_outlasts_other_settings(qtbot: QtBot, tmp_path: Path) -> None:
    stage = Stage().ready()
    qtbot.addWidget(stage.window)
    file = tmp_path / "blinkpos.toml"
    file.write_text('theme = "dark"\n')
    wear(stage.window, load({}, file))
    stage.window._toggle_theme()
    assert stage.window.styleSheet().count(LIGHT.window)
    file.write_text('theme = "dark"\ntip_presets = "5"\n')
    wear(stage.window, load({}, file))
    assert stage.window.styleSheet().count(LIGHT.window)
