"""Settings saved at the screen: in the file, in the key store, and in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from blinkpos_desktop.configuring import NO_PLACE, Configuring, SaveError, name_in
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.options import OPTIONS, Kind
from blinkpos_desktop.engine import Directory
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.blink.transport import Transport
from blinkpos_desktop.services.feed import Feed
from blinkpos_desktop.services.keys import sealing
from blinkpos_desktop.services.keys.finding import KeyFinder
from blinkpos_desktop.services.keys.kinds import KeySource
from blinkpos_desktop.services.shop import Shop
from blinkpos_desktop.settings import Secret, Settings
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import aside
from tests.support.keychains import FileKeychain

KEY = "blink_S3CR3T_from_the_screen"
OWNERS = '# Ana\'s\nmerchant = "cafe"\ntip_presets = [10, 15]\n'


class Owner:
    """Somebody who sets things, and the till that takes them over."""

    def __init__(self, settings: Settings, file: Path, environ: dict[str, str]) -> None:
        self.file, self.taken = file, list[tuple[Settings, bool]]()
        self.transport = Transport(settings.api_url)
        gateway = BlinkClient(self.transport)
        shop = Shop(gateway, Feed(), merchant=None, recipients=(), currency="SATS")
        self.configuring = Configuring(
            settings,
            file=file,
            directory=lambda: Directory(gateway, shop),
            take_over=lambda fresh, anew: self.taken.append((fresh, anew)),
            environ=environ,
        )

    async def save(self, **changes: str | None) -> str:
        stamp = (await self.configuring.read()).stamp
        return (await self.configuring.save(changes, stamp))[1]

    async def refused(self, **changes: str | None) -> SaveError:
        before = self.file.read_text()
        with pytest.raises(SaveError) as caught:
            await self.save(**changes)
        assert self.file.read_text() == before
        assert self.taken == []
        return caught.value


@pytest.fixture
def environ(simulator: Simulator) -> dict[str, str]:
    return {
        "BLINKPOS_API_URL": simulator.api_url,
        "BLINKPOS_WS_URL": simulator.ws_url,
        "BLINKPOS_CURRENCY": "EUR",
    }


@pytest.fixture
def owner(make_settings: SettingsMaker, tmp_path: Path, environ: dict[str, str]) -> Owner:
    file = tmp_path / "blinkpos.toml"
    file.write_text(OWNERS)
    file.chmod(0o600)
    settings = make_settings(api_key=None, stored_keys=tmp_path / "keys")
    return Owner(settings, file, environ)


@pytest.fixture
def keychain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringBackend]:
    monkeypatch.setenv("KEYCHAIN_FILE", str(tmp_path / "keychain.json"))
    before, own = keyring.get_keyring(), FileKeychain()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_MEMORY_KIB", 64)
    monkeypatch.setattr(sealing, "_ITERATIONS", 1)


def holding(text: str, folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


async def test_what_is_saved_is_in_the_file_and_taken_over(owner: Owner) -> None:
    sheet = await owner.configuring.read()
    assert sheet.stored == {"MERCHANT": "cafe", "TIP_PRESETS": "10,15"}
    assert sheet.environment["CURRENCY"] == "EUR"
    assert sheet.defaults.keys() == {"TILL", "DATA_DIR", "BACKUP_DIR"}
    await owner.save(TIP_RECIPIENTS="ana, ben", MERCHANT=None)
    text = owner.file.read_text()
    assert text == '# Ana\'s\ntip_presets = [10, 15]\ntip_recipients = ["ana", "ben"]\n'
    assert (await owner.configuring.read()).is_in_force
    owner.file.write_text(f'{text}timezone = "Europe/Vienna"\n')
    assert not (await owner.configuring.read()).is_in_force
    owner.file.write_text(text)
    [(taken, anew)] = owner.taken
    assert [each.username for each in taken.tip_recipients] == ["ana", "ben"]
    assert (taken.merchant, taken.currency, anew) == (None, "EUR", False)
    # What the environment gives is in force, and in no file.
    assert "EUR" not in text
    assert "127.0.0.1" not in text


async def test_what_is_wrong_is_not_saved(owner: Owner) -> None:
    assert (await owner.refused(TIP_PRESETS="1,2,3,4,5")).name == "TIP_PRESETS"
    assert (await owner.refused(DATABASE_DIRECT_URL="postgresql://h/x")).name == (
        "DATABASE_DIRECT_URL"
    )
    assert (await owner.refused(API_KEY="short")).name == "API_KEY"
    assert (await owner.refused(REDIS_URL="redis://h/0?no_such=1")).name == "REDIS_URL"
    owner.file.write_text('till = "')
    with pytest.raises(SettingsError, match="not valid TOML"):
        await owner.configuring.read()


async def test_a_file_that_somebody_else_changed_is_read_again(owner: Owner) -> None:
    sheet = await owner.configuring.read()
    owner.file.write_text('merchant = "ben"\n')
    with pytest.raises(SaveError, match="changed by somebody else") as caught:
        await owner.configuring.save({"TILL": "bar"}, sheet.stamp)
    assert owner.file.read_text() == 'merchant = "ben"\n'
    assert caught.value.sheet is not None
    assert caught.value.sheet.stored == {"MERCHANT": "ben"}
    await owner.configuring.save({"TILL": "bar"}, caught.value.sheet.stamp)
    assert owner.file.read_text() == 'merchant = "ben"\ntill = "bar"\n'


async def test_names_are_looked_up(owner: Owner, simulator: Simulator) -> None:
    ask = owner.configuring.look_up
    assert await ask(Kind.USERNAME, "ana") is True
    assert await ask(Kind.USERNAME, "nobody_here") is False
    assert await ask(Kind.CURRENCY, "USD") is True
    assert await ask(Kind.CURRENCY, "XYZ") is False
    await aside(simulator.control.lay_fault, "drop_before", times=None)
    assert await ask(Kind.USERNAME, "ben") is None
    await owner.transport.close()


@pytest.mark.usefixtures("keychain")
async def test_a_key_goes_into_the_keychain_and_never_into_the_file(
    owner: Owner, simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await aside(simulator.control.give_key, "till", KEY)
    owner.file.write_text(f'{OWNERS}api_key = "blink_plain_text"\n')
    told = await owner.save(API_KEY=KEY, TIP_PRESETS="12")
    assert told == "The key of till is stored."
    assert owner.file.read_text() == OWNERS.replace("[10, 15]", "[12]")
    [(taken, anew)] = owner.taken
    assert anew
    assert (await KeyFinder(taken).find()).api.source is KeySource.KEYCHAIN
    sheet = await owner.configuring.read()
    assert sheet.keys == {"API_KEY": "the system's keychain"}
    assert [path.name for path in holding(KEY, tmp_path)] == ["keychain.json"]
    assert KEY not in caplog.text
    assert KEY not in repr(sheet)
    await owner.save(API_KEY=None)
    assert (await owner.configuring.read()).keys == {}


@pytest.mark.usefixtures("keychain")
async def test_a_key_that_blink_refuses_is_not_stored(owner: Owner, tmp_path: Path) -> None:
    error = await owner.refused(API_KEY=KEY, TIP_PRESETS="12")
    assert error.name == "API_KEY"
    assert not (tmp_path / "keychain.json").exists()


@pytest.mark.usefixtures("keychain")
async def test_without_blink_a_key_is_stored_untried(owner: Owner, simulator: Simulator) -> None:
    await aside(simulator.control.lay_fault, "drop_before", times=None)
    told = await owner.save(API_KEY=KEY)
    assert told == "The key is stored, but Blink could not be asked about it."


async def test_without_a_keychain_a_key_is_sealed_under_the_known_passphrase_or_refused(
    owner: Owner, simulator: Simulator
) -> None:
    await aside(simulator.control.give_key, "till", KEY)
    error = await owner.refused(API_KEY=KEY)
    assert (error.name, error.sentence) == ("API_KEY", NO_PLACE)
    settings = owner.configuring._settings
    owner.configuring._settings = replace(settings, key_passphrase=Secret("correct horse"))
    await owner.save(API_KEY=KEY)
    sheet = await owner.configuring.read()
    assert sheet.keys == {"API_KEY": "the sealed file"}
    # The passphrase that was typed at the terminal is known to what is taken over.
    [(taken, _)] = owner.taken
    assert (await KeyFinder(taken).find()).api.secret == Secret(KEY)


async def test_no_secret_is_on_the_sheet(owner: Owner) -> None:
    secrets = {
        "DATABASE_URL": "postgresql://u:S3CR3T@db.example/till",
        "REDIS_URL": "redis://:S3CR3T@cache.example",
        "BACKUP_PASSPHRASE": "S3CR3T horse",
        "ALERT_URL": "https://hooks.example/x?token=S3CR3T",
    }
    await owner.save(**secrets)
    sheet = await owner.configuring.read()
    assert sheet.stored.keys() >= secrets.keys()
    assert "S3CR3T" not in repr(sheet)
    assert sheet.stored["DATABASE_URL"] == "postgresql://***@db.example/till"
    assert owner.file.stat().st_mode & 0o777 == 0o600


def test_a_sentence_of_the_checks_is_about_the_setting_that_it_names_first() -> None:
    assert name_in("BLINKPOS_DATABASE_DIRECT_URL is the way of BLINKPOS_DATABASE_URL: …") == (
        "DATABASE_DIRECT_URL"
    )
    assert name_in("BLINKPOS_MERCHANT: it is not.") == "MERCHANT"
    assert name_in("Set BLINKPOS_API_URL and BLINKPOS_WS_URL together.") == "API_URL"
    assert name_in("The settings file is gone.") == ""
    assert all(name_in(f"BLINKPOS_{each.name} must be.") == each.name for each in OPTIONS)
