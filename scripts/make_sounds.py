"""Make the till's own sounds: a soft tick, a rising bell, a low double tone.

    python scripts/make_sounds.py [FOLDER]     (default: assets/sounds)

Additive synthesis with the standard library: 44.1 kHz, 16 bit, mono. Every sound starts and ends
at silence and stays below -3 dB of full scale, so that it neither cracks nor shouts.
"""

from __future__ import annotations

import array
import math
import sys
import wave
from pathlib import Path

RATE = 44_100
FULL_SCALE = 32_767
FOLDER = Path(__file__).resolve().parent.parent / "assets" / "sounds"

Sound = list[float]


def silence(seconds: float) -> Sound:
    """Give an empty stretch of that length."""
    return [0.0] * round(seconds * RATE)


def strike(
    sound: Sound,
    *,
    start: float,
    pitch: float,
    partials: tuple[tuple[float, float, float], ...],
    attack: float,
) -> None:
    """Add a struck tone: per partial its ratio to the pitch, its strength and its decay time."""
    first = round(start * RATE)
    for index in range(first, len(sound)):
        t = (index - first) / RATE
        rise = 0.5 - 0.5 * math.cos(math.pi * min(t / attack, 1.0))
        sound[index] += rise * sum(
            strength * math.exp(-t / decay) * math.sin(math.tau * pitch * ratio * t)
            for ratio, strength, decay in partials
        )


def finish(sound: Sound, *, peak: float, fade: float) -> array.array[int]:
    """Fade the end to silence, bring the loudest moment to the peak, round to 16 bit."""
    last = len(sound) - 1
    for back in range(min(round(fade * RATE), last + 1)):
        sound[last - back] *= 0.5 - 0.5 * math.cos(math.pi * back / (fade * RATE))
    loudest = max(abs(value) for value in sound)
    return array.array("h", [round(value / loudest * peak * FULL_SCALE) for value in sound])


def click() -> array.array[int]:
    """A soft wooden tick under a finger, 20 ms."""
    sound = silence(0.020)
    wood = ((1.0, 1.0, 0.0035), (2.76, 0.35, 0.0018), (0.5, 0.4, 0.005))
    strike(sound, start=0.0, pitch=1_250.0, partials=wood, attack=0.0012)
    return finish(sound, peak=0.5, fade=0.005)


def success() -> array.array[int]:
    """Three bells rising through a major chord (E5, A5, C sharp 6), 0.95 s."""
    sound = silence(0.95)
    bell = ((1.0, 1.0, 0.26), (2.0, 0.32, 0.16), (3.0, 0.12, 0.09), (4.2, 0.05, 0.05))
    for start, pitch in ((0.0, 659.255), (0.11, 880.0), (0.22, 1_108.731)):
        strike(sound, start=start, pitch=pitch, partials=bell, attack=0.004)
    return finish(sound, peak=0.66, fade=0.15)


def error() -> array.array[int]:
    """Two low, muffled tones, the second lower, 0.42 s."""
    sound = silence(0.42)
    reed = ((1.0, 1.0, 0.09), (2.0, 0.38, 0.06), (3.0, 0.16, 0.04))
    for start, pitch in ((0.0, 233.082), (0.17, 185.0)):
        strike(sound, start=start, pitch=pitch, partials=reed, attack=0.008)
    return finish(sound, peak=0.6, fade=0.06)


SOUNDS = {"click": click, "success": success, "error": error}


def write(samples: array.array[int], path: Path) -> None:
    """Write them as WAV, least byte first on every machine."""
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def main() -> None:
    """Make every sound."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in SOUNDS.items():
        path = folder / f"{name}.wav"
        write(make(), path)
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
