"""A key sealed under a passphrase: it opens for that passphrase and that Blink, or not at all."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.services.keys import sealing
from blinkpos_desktop.services.keys.kinds import KeyKind, KeySlot, place_of
from blinkpos_desktop.services.keys.sealed_file import SealedFile
from blinkpos_desktop.settings import Secret

KEY, WORDS = "blink_0123456789abcdef", "correct horse battery"
LABEL = "api-key@api.blink.sv"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_MEMORY_KIB", 64)
    monkeypatch.setattr(sealing, "_ITERATIONS", 1)


def changed(content: bytes, **fields: Any) -> bytes:  # noqa: ANN401 (JSON)
    return json.dumps(json.loads(content) | fields).encode()


def refused(content: bytes, words: str = WORDS, label: str = LABEL) -> str:
    with pytest.raises(SettingsError) as caught:
        sealing.unseal(content, words, label)
    assert KEY not in str(caught.value)
    return caught.value.sentence


def test_it_opens_for_its_passphrase_alone_and_shows_nothing() -> None:
    content = sealing.seal(KEY, WORDS, LABEL)
    assert sealing.unseal(content, WORDS, LABEL) == KEY
    assert KEY.encode() not in content
    assert WORDS.encode() not in content
    assert sealing.seal(KEY, WORDS, LABEL) != content, "salt and nonce are its own each time"
    assert "passphrase is wrong" in refused(content, "correct horse")
    assert "passphrase is wrong" in refused(content, label="api-key@api.staging.blink.sv")


def test_another_machine_opens_it_by_what_the_file_says(monkeypatch: pytest.MonkeyPatch) -> None:
    content = sealing.seal(KEY, WORDS, LABEL)
    monkeypatch.setattr(sealing, "_ITERATIONS", 2)
    assert sealing.unseal(content, WORDS, LABEL) == KEY


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "another"},
        {"kdf": "md5"},
        {"salt": ""},
        {"nonce": "AAAA"},
        {"sealed": 7},
        {"sealed": "no base64!"},
        {"memory_kib": 1 << 30},
        {"memory_kib": 8, "lanes": 4},
        {"iterations": 0},
        {"iterations": True},
        {"lanes": "4"},
    ],
)
def test_a_file_that_was_changed_is_refused_and_costs_nothing(fields: dict[str, Any]) -> None:
    assert "damaged" in refused(changed(sealing.seal(KEY, WORDS, LABEL), **fields))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_what_is_no_sealed_key_is_refused(content: bytes) -> None:
    assert "damaged" in refused(content)


def test_the_file_is_its_owners_and_is_written_whole(tmp_path: Path) -> None:
    slot = KeySlot(kind=KeyKind.API, place="127.0.0.1:8080", folder=tmp_path / "keys")
    file, words = SealedFile(slot), Secret(WORDS)
    assert (file.is_there(), file.read(words), file.forget()) == (False, None, False)
    for key in (KEY, KEY[::-1]):
        file.write(Secret(key), words)
        assert file.read(words) == Secret(key)
    assert [path.name for path in slot.folder.iterdir()] == ["api-key@127.0.0.1_8080.sealed"]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(slot.folder.stat().st_mode) == 0o700
    assert file.forget()
    assert not file.is_there()
    slot.folder.rmdir()
    slot.folder.write_text("a file is in the way")
    with pytest.raises(SettingsError, match="can't be written"):
        file.write(Secret(KEY), words)


def test_a_key_is_for_one_blink() -> None:
    assert place_of("https://api.blink.sv/graphql") == "api.blink.sv"
    assert place_of("http://127.0.0.1:8080/graphql") == "127.0.0.1:8080"
