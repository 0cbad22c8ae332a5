"""Settings: the environment over a file, every value checked, no secret ever shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from blinkpos_desktop.domain.address import redact_url
from blinkpos_desktop.domain.appearance import Appearance, Look, Motion
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.settings import ENDPOINTS, Secret, Settings, config_file, load

KEY = "blink_0123456789abcdef"
NOWHERE = Path("/nonexistent/blinkpos.toml")
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "blinkpos.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write


def from_env(**values: str) -> Settings:
    return load({f"BLINKPOS_{name}": value for name, value in values.items()}, NOWHERE)


def refused(**values: str) -> str:
    with pytest.raises(SettingsError) as caught:
        from_env(**values)
    sentence = caught.value.sentence
    assert sentence.endswith(".")
    assert sentence.isprintable()
    return sentence


def test_without_any_setting_there_are_defaults() -> None:
    settings = load({}, NOWHERE)
    assert (settings.api_url, settings.ws_url) == ENDPOINTS["mainnet"]
    assert settings.currency == "SATS"
    assert settings.tip_presets == (Fraction(10), Fraction(15), Fraction(20))
    assert settings.till
    assert settings.data_dir.is_absolute()
    assert settings.state_dir.is_absolute()
    assert settings.api_key is None
    assert settings.merchant is None
    assert settings.tip_recipients == ()
    assert settings.database_url is None
    assert settings.database_direct_url is None
    assert settings.redis_url is None
    assert settings.backups == settings.data_dir / "backups"
    assert settings.backup_passphrase is None


def test_every_variable_is_read(tmp_path: Path) -> None:
    settings = from_env(
        API_KEY=KEY,
        API_URL="https://blink.example/graphql",
        WS_URL="wss://blink.example/graphql",
        MERCHANT="Cafe",
        TIP_RECIPIENTS="ana:60,ben:40",
        TIP_PRESETS="5,7.5,10",
        CURRENCY="usd",
        TILL="counter 1",
        DATABASE_URL="postgresql://u:p@db.example/till",
        DATABASE_DIRECT_URL="postgresql://u:p@db.example:5433/till",
        REDIS_URL="redis://:p@cache.example:6379/0",
        DATA_DIR=str(tmp_path / "data"),
        BACKUP_DIR=str(tmp_path / "usb"),
        BACKUP_PASSPHRASE="correct horse",
        PAYOUT_KEY="blink_that_pays",
        METRICS_PORT="9464",
        THEME="Contrast",
        TEXT_SCALE="200",
        MOTION="reduced",
        VOLUME="0",
        SUCCESS_SECONDS="2",
        ALERT_URL="http://user:pw@hooks.example/T0KEN",
        KEY_PASSPHRASE=" with spaces ",
    )
    assert settings.payout_key == Secret("blink_that_pays")
    assert settings.keys_of_file == frozenset()
    assert settings.metrics_port == 9464
    assert settings.appearance == Appearance(
        look=Look.CONTRAST,
        text_scale=200,
        motion=Motion.REDUCED,
        volume=0,
        success_seconds=2,
    )
    assert settings.alert_url == Secret("http://user:pw@hooks.example/T0KEN")
    assert settings.key_passphrase == Secret(" with spaces ")
    assert settings.stored_keys == config_file().parent / "keys"
    assert settings.api_key == Secret(KEY)
    assert settings.api_url == "https://blink.example/graphql"
    assert settings.ws_url == "wss://blink.example/graphql"
    assert settings.merchant == "cafe"
    assert [(r.username, r.share) for r in settings.tip_recipients] == [("ana", 60), ("ben", 40)]
    assert settings.tip_presets == (Fraction(5), Fraction("7.5"), Fraction(10))
    assert settings.currency == "USD"
    assert settings.till == "counter 1"
    assert settings.database_url == Secret("postgresql://u:p@db.example/till")
    assert settings.database_direct_url == Secret("postgresql://u:p@db.example:5433/till")
    assert settings.redis_url == Secret("redis://:p@cache.example:6379/0")
    assert settings.data_dir == tmp_path / "data"
    assert settings.backups == tmp_path / "usb"
    assert settings.backup_passphrase == Secret("correct horse")


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINKPOS_TILL", "terrace")
    assert load(file=NOWHERE).till == "terrace"


def test_the_file_is_looked_for_in_the_platforms_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_file().name == "blinkpos.toml"
    config_file().parent.mkdir(parents=True)
    config_file().write_text('till = "garden"\n', encoding="utf-8")
    monkeypatch.delenv("BLINKPOS_TILL", raising=False)
    assert load().till == "garden"


def test_the_file_is_read_in_any_spelling_and_with_lists(write: Write) -> None:
    path = write(
        f"""
        API_KEY = "{KEY}"
        network = "staging"
        blinkpos_merchant = "cafe"
        tip_recipients = ["ana:60", "ben:40"]
        tip_presets = [5, 7.5]
        """
    )
    settings = load({}, path)
    assert settings.api_key == Secret(KEY)
    assert settings.api_url == ENDPOINTS["staging"][0]
    assert settings.merchant == "cafe"
    assert [r.share for r in settings.tip_recipients] == [60, 40]
    assert settings.tip_presets == (Fraction(5), Fraction("7.5"))


def test_it_is_known_which_keys_the_file_gave(write: Write) -> None:
    path = write(f'api_key = "{KEY}"\npayout_key = "{KEY}"\n')
    assert load({}, path).keys_of_file == {"API_KEY", "PAYOUT_KEY"}
    assert load({"BLINKPOS_API_KEY": "blink_of_env"}, path).keys_of_file == {"PAYOUT_KEY"}


def test_a_passphrase_is_not_read_from_the_file(write: Write) -> None:
    with pytest.raises(SettingsError, match="no setting"):
        load({}, write('key_passphrase = "correct horse"'))


def test_the_environment_comes_before_the_file(write: Write) -> None:
    path = write('currency = "EUR"\ntill = "garden"\n')
    settings = load({"BLINKPOS_CURRENCY": "USD"}, path)
    assert (settings.currency, settings.till) == ("USD", "garden")


def test_what_is_empty_is_not_set(write: Write) -> None:
    path = write('currency = ""\ndata_dir = " "\ndatabase_url = ""\ntill = ""\nmerchant = ""\n')
    assert load({"BLINKPOS_API_KEY": "", "BLINKPOS_TIP_PRESETS": " "}, path) == load({}, NOWHERE)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_in_the_file_of_its_owner_alone_is_taken(write: Write, mode: int) -> None:
    assert load({}, write(f'api_key = "{KEY}"', mode)).api_key == Secret(KEY)


@pytest.mark.parametrize("name", ["api_key", "payout_key"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601, 0o666])
def test_a_key_in_a_file_that_others_reach_is_refused(write: Write, mode: int, name: str) -> None:
    path = write(f'{name} = "{KEY}"', mode)
    with pytest.raises(SettingsError, match="chmod 600") as caught:
        load({}, path)
    assert KEY not in str(caught.value)


def test_a_file_that_others_read_may_hold_anything_but_the_key(write: Write) -> None:
    assert load({}, write('till = "garden"', 0o644)).till == "garden"


def test_an_unknown_name_in_the_file_is_named_with_what_is_allowed(write: Write) -> None:
    with pytest.raises(SettingsError, match=r"merchnt.*MERCHANT"):
        load({}, write('merchnt = "cafe"'))


@pytest.mark.parametrize(
    "text",
    ['till = "', "till = true", "till = {a = 1}", "merchant = 2026-01-01", 'currency = ["USD"]',
     'api_key = ["blink_0123456789"]', "tip_presets = [[10], {a = 1}]"],
)  # fmt: skip
def test_a_file_that_is_no_settings_file_is_refused(write: Write, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({}, write(text))
    assert "0123456789" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load({}, tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'till = "caf\xe9"')
    with pytest.raises(SettingsError, match=r"latin\.toml cannot be read"):
        load({}, tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("API_KEY", "short", "Blink API key without spaces"),
        ("API_KEY", "blink_with space in it", "Blink API key without spaces"),
        ("API_KEY", "blink_schlüssel", "Blink API key without spaces"),
        ("NETWORK", "moon", "mainnet or staging"),
        ("NETWORK", "testnet", "mainnet or staging"),
        ("MERCHANT", "no", "3 to 50 letters, digits or underscores"),
        ("MERCHANT", "cafe@blink.sv", "3 to 50 letters, digits or underscores"),
        ("TIP_RECIPIENTS", "ana:60,ben", "every tip recipient a share, or none"),
        ("TIP_RECIPIENTS", "ana:0,ben:1", "above 0"),
        ("TIP_RECIPIENTS", "ana:half", "a whole number above 0"),
        ("TIP_RECIPIENTS", "ana,ana", "named twice"),
        ("TIP_PRESETS", "10,15,20,25,30", "up to four percentages above 0"),
        ("TIP_PRESETS", "0,10", "up to four percentages above 0"),
        ("TIP_PRESETS", "ten", "0 to 100"),
        ("TIP_PRESETS", "101", "0 and 100"),
        ("CURRENCY", "$", "SATS or a code such as USD"),
        ("CURRENCY", "US dollars", "SATS or a code such as USD"),
        ("DATABASE_URL", "mysql://db.example/x", "postgresql:// or postgres://"),
        ("DATABASE_URL", "db.example", "postgresql:// or postgres://"),
        ("DATABASE_URL", "postgresql:db", "postgresql:// or postgres://"),
        ("DATABASE_URL", "postgresql://h:port/x", "postgresql:// or postgres://"),
        ("DATABASE_URL", "postgresql://h:0/x", "postgresql:// or postgres://"),
        ("DATABASE_URL", "postgresql://[::1/x", "postgresql:// or postgres://"),
        ("DATABASE_DIRECT_URL", "mysql://db.example/x", "postgresql:// or postgres://"),
        ("DATABASE_DIRECT_URL", "postgresql://db.example/x", "BLINKPOS_DATABASE_URL: set that too"),
        ("REDIS_URL", "http://cache.example", "redis+sentinel:// or rediss+sentinel:// or unix://"),
        ("REDIS_URL", "redis+sentinel://h1:26379,h2:0/shop", "a valid address"),
        ("REDIS_URL", "6379", "redis+sentinel:// or rediss+sentinel:// or unix://"),
        ("DATA_DIR", "~nobody_of_this_name/x", "a folder that can be made"),
        ("DATA_DIR", "a\0b", "a folder that can be made"),
        ("PAYOUT_KEY", "short", "Blink API key without spaces"),
        ("METRICS_PORT", "0", "1 to 65535"),
        ("METRICS_PORT", "65536", "1 to 65535"),
        ("METRICS_PORT", "٩٤٦٤", "1 to 65535"),
        ("ALERT_URL", "ftp://hooks.example/x", "https:// or http://"),
        ("ALERT_URL", "https:///x", "name a host"),
        ("THEME", "pink", "system, dark, light, contrast"),
        ("TEXT_SCALE", "79", "80 to 200"),
        ("TEXT_SCALE", "201", "80 to 200"),
        ("TEXT_SCALE", "1e2", "80 to 200"),
        ("MOTION", "some", "full, reduced"),
        ("VOLUME", "-1", "0 to 100"),
        ("VOLUME", "101", "0 to 100"),
        ("SUCCESS_SECONDS", "1", "2 to 30"),
        ("SUCCESS_SECONDS", "31", "2 to 30"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: str, allowed: str) -> None:
    sentence = refused(**{name: value})
    assert f"BLINKPOS_{name}" in sentence
    assert allowed in sentence
    if name.endswith(("KEY", "URL")):
        assert value not in sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("elturco", [("elturco", 1)]),
        ("ana,ben", [("ana", 1), ("ben", 1)]),
        ("ana:60,ben:40", [("ana", 60), ("ben", 40)]),
        (" ana : 1 , ben : 2 ,", [("ana", 1), ("ben", 2)]),
        ("ana:999,ben:1,eva:5", [("ana", 999), ("ben", 1), ("eva", 5)]),
    ],
)
def test_tip_recipients_have_shares_all_or_none(text: str, expected: list[tuple[str, int]]) -> None:
    settings = from_env(TIP_RECIPIENTS=text)
    assert [(r.username, r.share) for r in settings.tip_recipients] == expected


def test_the_two_urls_come_together() -> None:
    assert "together" in refused(API_URL="https://blink.example/graphql")
    assert "together" in refused(WS_URL="wss://blink.example/graphql")


@pytest.mark.parametrize("host", ["127.0.0.1:4000", "localhost:4000", "[::1]:4000", "LOCALHOST"])
def test_unencrypted_addresses_are_for_this_machine(host: str) -> None:
    settings = from_env(API_URL=f"http://{host}/graphql", WS_URL=f"ws://{host}/graphql")
    assert settings.api_url == f"http://{host}/graphql"


@pytest.mark.parametrize(
    "host",
    ["blink.example", "192.168.1.5", "127.0.0.1.example", "localhost.example", "0.0.0.0", "[::]"],  # noqa: S104 (refused)
)
def test_a_key_never_travels_in_the_clear(host: str) -> None:
    sentence = refused(API_URL=f"http://{host}/graphql", WS_URL="wss://blink.example/graphql")
    assert "BLINKPOS_API_URL must be encrypted (https://)" in sentence
    sentence = refused(API_URL="https://blink.example/graphql", WS_URL=f"ws://{host}/graphql")
    assert "BLINKPOS_WS_URL must be encrypted (wss://)" in sentence


@pytest.mark.parametrize(
    "url",
    ["ftp://blink.example", "blink.example", "https:blink.example", "https://", "https:///graphql",
     "https://h1,h2/graphql", "https://blink.example:99999/", "https://blink.example:0/",
     "https://bl ink.example/",
     "https://user:secret@blink.example/", "https://blink.example\n/graphql"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_unshown(url: str) -> None:
    sentence = refused(API_URL=url, WS_URL="wss://blink.example/graphql")
    assert "BLINKPOS_API_URL" in sentence
    assert "secret" not in sentence


def test_a_wrong_network_is_named_beside_addresses_too() -> None:
    assert "moon" in refused(
        NETWORK="moon", API_URL="https://a.example/g", WS_URL="wss://a.example/g"
    )


def test_a_folder_of_the_home_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert from_env(DATA_DIR="~/till").data_dir == tmp_path / "till"
    monkeypatch.chdir(tmp_path)
    assert from_env(DATA_DIR="till").data_dir == tmp_path / "till"
    assert not (tmp_path / "till").exists()


def test_a_passphrase_is_long_enough_and_nobody_elses_to_read(write: Write) -> None:
    assert "at least 8 characters" in refused(BACKUP_PASSPHRASE="horse")
    path = write('backup_passphrase = "correct horse"', 0o644)
    with pytest.raises(SettingsError, match="passphrase of the backups") as error:
        load({}, path)
    assert "correct horse" not in error.value.sentence
    assert "BLINKPOS_BACKUP_DIR" in refused(BACKUP_DIR="~nobody-here/backups")


def test_no_secret_shows_in_a_text_of_the_settings() -> None:
    settings = from_env(
        API_KEY=KEY,
        DATABASE_URL="postgresql://u:database_password@db.example/till",
        DATABASE_DIRECT_URL="postgresql://u:direct_password@db.example/till",
        REDIS_URL="redis://:redis_password@cache.example/0",
        BACKUP_PASSPHRASE="backup_password",
        PAYOUT_KEY=KEY,
        KEY_PASSPHRASE="a password",
        ALERT_URL="https://hooks.example/password",
    )
    for text in (repr(settings), str(settings), f"{settings}", f"{settings.api_key}"):
        assert KEY not in text
        assert "password" not in text
    assert (str(settings.api_key), repr(settings.api_key)) == ("***", "Secret()")
    assert settings.api_key is not None
    assert settings.api_key.reveal() == KEY


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://db.example/till", "postgresql://db.example/till"),
        ("postgresql://u:secret@db.example:5432/till", "postgresql://***@db.example:5432/till"),
        ("redis://:secret@cache.example:6379/0", "redis://***@cache.example:6379/0"),
        ("redis://secret@cache.example/0", "redis://***@cache.example/0"),
        ("postgresql://u:se%2Fcret@[::1]:5432/till", "postgresql://***@[::1]:5432/till"),
        ("postgresql:///till?host=/tmp&user=u", "postgresql:///till?host=/tmp&user=u"),
        ("postgresql://h/t?password=secret&sslmode=require",
         "postgresql://h/t?password=***&sslmode=require"),
        ("postgresql://h/t?pass%77ord=secret", "postgresql://h/t?pass%77ord=***"),
        ("unix:///run/redis.sock?db=0&password=secret",
         "unix:///run/redis.sock?db=0&password=***"),
        ("https://h/g?api_key=secret#secret", "https://h/g?api_key=***"),
        ("postgresql://u:secret@h1:5432,h2/t?target_session_attrs=read-write",
         "postgresql://***@h1:5432,h2/t?target_session_attrs=read-write"),
        ("redis+sentinel://u:secret@h1:26379,h2:26379/shop/0?sentinel_password=secret",
         "redis+sentinel://***@h1:26379,h2:26379/shop/0?sentinel_password=***"),
        ("redis://u:sec@ret@h/0", "redis://***@h/0"),
        ("redis://u:secret/0", "***"),
        # A password that was not encoded: where it ends is a guess.
        ("postgresql://u:se/secret@h/t", "***"),
        ("postgresql://u:12/secret@h/t", "***"),
        ("postgresql://u:12?secret@h/t", "***"),
        ("postgresql://u:12#secret@h/t", "***"),
        ("postgresql://[secret@h/t", "***"),
        ("host=h password=secret", "***"),
    ],
)  # fmt: skip
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert "secret" not in redact_url(url)


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        load({}, NOWHERE).till = "other"  # type: ignore[misc]


def test_the_tests_own_environment_has_no_setting_of_a_person() -> None:
    assert not [name for name in os.environ if name.startswith("BLINKPOS_")]
