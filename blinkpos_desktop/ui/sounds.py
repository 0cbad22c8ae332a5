"""The till's sounds. A till without sound still sells: every failure ends in silence."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from blinkpos_desktop.resources import assets
from blinkpos_desktop.ui.viewmodels.view import Sound

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QSoundEffect

_log = logging.getLogger(__name__)

VOLUMES: Final = {Sound.CLICK: 0.3, Sound.SUCCESS: 0.7, Sound.ERROR: 0.5}
"""Each sound's own loudness, of which the owner's volume takes a part."""


class Sounds(QObject):
    """Plays short sounds once :meth:`prepare` has been called; until then it is silent."""

    def __init__(
        self, *, is_on: bool = True, volume: int = 100, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.is_on = is_on
        self._volume = volume
        self._is_wanted = False
        self._effects: dict[Sound, QSoundEffect] = {}
        self._is_prepared = False

    def prepare(self) -> None:
        """Load the sounds. QtMultimedia is imported here, long after the first paint."""
        self._is_wanted = True
        if self._is_prepared or not self.is_on or not self._volume:
            return
        self._is_prepared = True
        try:
            self._effects = self._load()
        except (ImportError, OSError) as problem:
            # ImportError: libpulse is missing. OSError: the files are.
            _log.warning("The till is silent: %s", problem)

    def set_volume(self, percent: int) -> None:
        """Be louder or softer; 0 is off. What was off is loaded now, if it is time."""
        self._volume = percent
        if self._is_wanted:
            self.prepare()
        for sound, effect in self._effects.items():
            effect.setVolume(self._loudness(sound))

    def play(self, sound: Sound) -> None:
        """Play a sound, or nothing."""
        effect = self._effects.get(sound)
        if effect is not None and self.is_on and self._volume:
            effect.play()

    def _loudness(self, sound: Sound) -> float:
        return VOLUMES[sound] * self._volume / 100

    def _load(self) -> dict[Sound, QSoundEffect]:
        folder = assets() / "sounds"
        files = {sound: folder / f"{sound.value}.wav" for sound in Sound}
        missing = [path.name for path in files.values() if not path.is_file()]
        if missing:
            raise FileNotFoundError(f"{', '.join(missing)} missing in {folder}")
        from PySide6.QtCore import QUrl
        from PySide6.QtMultimedia import QMediaDevices, QSoundEffect

        if not QMediaDevices.audioOutputs():
            raise OSError("there is no sound device")
        effects = {}
        for sound, path in files.items():
            effect = QSoundEffect(self)
            effect.setSource(QUrl.fromLocalFile(str(path)))
            effect.setVolume(self._loudness(sound))
            effects[sound] = effect
        return effects
