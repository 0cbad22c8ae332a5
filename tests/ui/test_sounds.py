"""A till without sound still sells."""

from __future__ import annotations

import builtins
import logging
from pathlib import Path
from typing import Any

import pytest

from blinkpos_desktop.ui import sounds as module
from blinkpos_desktop.ui.sounds import Sounds
from blinkpos_desktop.ui.viewmodels.view import Sound


def test_without_multimedia_there_is_silence_and_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = builtins.__import__

    def broken(name: str, *args: Any) -> Any:  # noqa: ANN401
        if name == "PySide6.QtMultimedia":
            raise ImportError("libpulse.so.0: cannot open shared object file")
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", broken)
    sounds = Sounds()
    with caplog.at_level(logging.INFO):
        sounds.prepare()
        sounds.prepare()
        for sound in Sound:
            sounds.play(sound)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_missing_files_are_silence(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "assets", lambda: tmp_path)
    sounds = Sounds()
    sounds.prepare()
    sounds.play(Sound.CLICK)
    assert "click.wav" in caplog.text


def test_sounds_that_are_off_are_not_even_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: Sounds) -> dict[Sound, object]:
        raise AssertionError(self)

    monkeypatch.setattr(Sounds, "_load", never)
    sounds = Sounds(is_on=False)
    sounds.prepare()
    sounds.play(Sound.SUCCESS)


def test_a_sound_is_played_when_there_is_one() -> None:
    class Effect:
        played = 0

        def play(self) -> None:
            self.played += 1

    effect = Effect()
    sounds = Sounds()
    sounds._effects = {Sound.CLICK: effect}  # type: ignore[dict-item]
    sounds.play(Sound.CLICK)
    sounds.play(Sound.ERROR)
    sounds.is_on = False
    sounds.play(Sound.CLICK)
    assert effect.played == 1
