"""Where the Blink keys are found, in which order, and what a keychain can't do to a till."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from blinkpos_desktop.domain.blink import Scope
from blinkpos_desktop.domain.errors import SettingsError, UnavailableError
from blinkpos_desktop.domain.facts import PaymentCompleted
from blinkpos_desktop.domain.payment import PaymentState
from blinkpos_desktop.engine import Engine
from blinkpos_desktop.services.keys import sealing
from blinkpos_desktop.services.keys.finding import KeyFinder
from blinkpos_desktop.services.keys.keychain import Keychain
from blinkpos_desktop.services.keys.kinds import KeyKind, KeySlot, KeySource
from blinkpos_desktop.services.keys.sealed_file import SealedFile
from blinkpos_desktop.settings import Secret, Settings
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import aside, running
from tests.support.keychains import BrokenKeychain, FileKeychain, HangingKeychain

WORDS = Secret("correct horse battery")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_MEMORY_KIB", 64)
    monkeypatch.setattr(sealing, "_ITERATIONS", 1)


@pytest.fixture
def keychain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringBackend]:
    """A keychain of the test's own in the place of the system's."""
    monkeypatch.setenv("KEYCHAIN_FILE", str(tmp_path / "keychain.json"))
    before, own = keyring.get_keyring(), FileKeychain()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        api_url="https://blink.example/graphql",
        ws_url="wss://blink.example/graphql",
        data_dir=tmp_path / "data",
        state_dir=tmp_path / "state",
        stored_keys=tmp_path / "keys",
        key_passphrase=WORDS,
    )


def slot_of(settings: Settings, kind: KeyKind = KeyKind.API) -> KeySlot:
    assert settings.stored_keys is not None
    return KeySlot(kind=kind, place="blink.example", folder=settings.stored_keys)


async def test_environment_over_keychain_over_sealed_file_over_settings_file(
    settings: Settings, keychain: KeyringBackend
) -> None:
    del keychain
    slot = slot_of(settings)
    with pytest.raises(SettingsError, match="No Blink API key is set"):
        await KeyFinder(settings).find()
    settings = replace(
        settings, api_key=Secret("blink_of_toml"), keys_of_file=frozenset({"API_KEY"})
    )
    order = []

    async def look() -> None:
        found = (await KeyFinder(settings).find()).api
        order.append((found.secret.reveal(), found.source))

    await look()
    SealedFile(slot).write(Secret("blink_of_file"), WORDS)
    await look()
    assert await Keychain().write(slot, Secret("blink_of_keychain"))
    await look()
    settings = replace(settings, api_key=Secret("blink_of_env"), keys_of_file=frozenset())
    await look()
    assert order == [
        ("blink_of_toml", KeySource.SETTINGS_FILE),
        ("blink_of_file", KeySource.SEALED_FILE),
        ("blink_of_keychain", KeySource.KEYCHAIN),
        ("blink_of_env", KeySource.ENVIRONMENT),
    ]
    assert await Keychain().forget(slot)
    assert not await Keychain().forget(slot)
    assert not slot.mark.exists()


async def test_each_key_has_its_own_order(settings: Settings, keychain: KeyringBackend) -> None:
    del keychain
    await Keychain().write(slot_of(settings, KeyKind.PAYOUT), Secret("blink_that_pays"))
    found = await KeyFinder(replace(settings, api_key=Secret("blink_of_env"))).find()
    assert found.reveal() == ("blink_of_env", "blink_that_pays")


async def test_a_key_of_another_blink_is_not_found(
    settings: Settings, keychain: KeyringBackend
) -> None:
    del keychain
    await Keychain().write(slot_of(settings), Secret("blink_of_keychain"))
    other = replace(settings, api_url="https://staging.example/graphql")
    with pytest.raises(SettingsError, match="No Blink API key is set"):
        await KeyFinder(other).find()


async def test_nobody_asks_a_keychain_that_was_given_no_key(settings: Settings) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(HangingKeychain())
    try:
        with pytest.raises(SettingsError, match="No Blink API key is set"):
            await KeyFinder(settings).find()
    finally:
        keyring.set_keyring(before)


async def test_a_sealed_key_without_its_passphrase_says_what_to_do(settings: Settings) -> None:
    SealedFile(slot_of(settings)).write(Secret("blink_of_file"), WORDS)
    locked = KeyFinder(replace(settings, key_passphrase=None))
    assert locked.wants_passphrase()
    with pytest.raises(SettingsError, match="BLINKPOS_KEY_PASSPHRASE"):
        await locked.find()
    with pytest.raises(SettingsError, match="does not open"):
        await KeyFinder(replace(settings, key_passphrase=Secret("something else"))).find()
    assert not KeyFinder(settings).wants_passphrase()
    given = replace(settings, key_passphrase=None, api_key=Secret("blink_of_env"))
    assert not KeyFinder(given).wants_passphrase()


async def test_a_keychain_that_hangs_is_waited_for_once_and_not_for_long(
    settings: Settings, keychain: KeyringBackend
) -> None:
    await Keychain().write(slot_of(settings), Secret("blink_of_keychain"))
    keyring.set_keyring(HangingKeychain())
    finder = KeyFinder(settings)
    for _ in range(2):
        with pytest.raises(UnavailableError, match="keychain does not answer"):
            await finder.find(seconds=0.05)
    asked = finder._keychain._reading
    assert asked is not None
    # A person unlocks it: the first question's answer is taken.
    asked.set_result({slot_of(settings): "blink_of_keychain"})
    assert (await finder.find()).api.source is KeySource.KEYCHAIN
    # What lies in a file helps meanwhile.
    SealedFile(slot_of(settings)).write(Secret("blink_of_file"), WORDS)
    found = await KeyFinder(settings).find(seconds=0.05)
    assert found.api.source is KeySource.SEALED_FILE
    keyring.set_keyring(keychain)


async def test_a_keychain_that_fails_is_none_and_its_words_are_not_repeated(
    settings: Settings, keychain: KeyringBackend, caplog: pytest.LogCaptureFixture
) -> None:
    await Keychain().write(slot_of(settings), Secret("blink_of_keychain"))
    keyring.set_keyring(BrokenKeychain())
    with pytest.raises(SettingsError, match="does not give the Blink key"):
        await KeyFinder(settings).find()
    assert not await Keychain().write(slot_of(settings), Secret("blink_S3CR3T"))
    assert "no keychain: LookupError" in caplog.text
    assert "S3CR3T" not in caplog.text
    keyring.set_keyring(keychain)


# The key for paying.


async def test_with_a_key_for_paying_the_other_one_needs_no_write(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    control = simulator.control
    await aside(control.give_key, "till", "blink_sim_pays", ["READ", "WRITE"])
    settings = make_settings(
        api_key=Secret("blink_sim_nowrite"), payout_key=Secret("blink_sim_pays")
    )
    async with running(settings, simulator) as till:
        assert till.engine.shop.account.scopes == frozenset(Scope)
        payment = await till.charge(21)
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentCompleted)
        assert (await till.now(payment)).state is PaymentState.COMPLETED
        assert (await aside(control.balance, "cafe"), await aside(control.balance, "elturco")) == (
            21,
            2,
        )


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("blink_sim_visitor", "another account's"),
        ("blink_sim_readonly", "lacks WRITE"),
        ("blink_sim_nobody", "does not accept the key for paying"),
        ("blink_sim_blind", "does not accept the key for paying"),
    ],
)
async def test_a_wrong_key_for_paying_is_refused(
    make_settings: SettingsMaker, simulator: Simulator, key: str, words: str
) -> None:
    await aside(simulator.control.give_key, "till", "blink_sim_blind", ["WRITE"])
    engine = Engine(make_settings(payout_key=Secret(key)))
    try:
        await engine.open_store()
        with pytest.raises(SettingsError, match=words):
            await engine.open_blink()
    finally:
        await engine.stop()
