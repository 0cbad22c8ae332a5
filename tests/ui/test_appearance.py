"""What the owner chose is worn at once, and another choice without a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from blinkpos_desktop.domain.appearance import USUAL, Appearance, Look, Motion
from blinkpos_desktop.ui import wardrobe
from blinkpos_desktop.ui.pages.keypad_page import KeypadPage
from blinkpos_desktop.ui.pages.success_page import SuccessPage
from blinkpos_desktop.ui.sounds import VOLUMES, Sounds
from blinkpos_desktop.ui.theme import PALETTES
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
