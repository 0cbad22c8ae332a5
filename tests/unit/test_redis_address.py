"""BLINKPOS_REDIS_URL is read whole, or the sentence says what is wrong and shows no password."""

from __future__ import annotations

import pytest
from redis.asyncio.connection import SSLConnection

from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.services.store.redis_address import read


def test_sentinels_and_their_service_are_read() -> None:
    address = read(
        "redis+sentinel://ana:p%40ss@one:26380,two,[::1]:7/my%20shop/3"
        "?sentinel_username=guard&sentinel_password=s%2Fp"
    )
    assert address.service == "my shop"
    assert address.server == {"username": "ana", "password": "p@ss", "db": 3}
    assert [(each["host"], each["port"]) for each in address.sentinels] == [
        ("one", 26380),
        ("two", 26379),
        ("::1", 7),
    ]
    for each in address.sentinels:
        assert (each["username"], each["password"]) == ("guard", "s/p")


def test_a_sentinel_without_a_password_of_its_own_is_not_told_the_servers() -> None:
    address = read("redis+sentinel://:secret@one/shop")
    assert address.server["password"] == "secret"
    assert address.server["db"] == 0
    assert set(address.sentinels[0]) == {"host", "port"}


def test_tls_goes_to_the_sentinels_too() -> None:
    address = read("rediss+sentinel://one/shop/0?ssl_ca_certs=/ca.pem")
    for each in (address.server, *address.sentinels):
        assert each["connection_class"] is SSLConnection
        assert each["ssl_ca_certs"] == "/ca.pem"


def test_one_server_is_read_as_ever() -> None:
    assert read("rediss://ana:pw@host:6380/2?ssl_check_hostname=false").server == {
        "connection_class": SSLConnection,
        "host": "host",
        "port": 6380,
        "db": 2,
        "username": "ana",
        "password": "pw",
        "ssl_check_hostname": False,
    }
    assert read("unix:///run/redis.sock?db=1&password=pw").server["path"] == "/run/redis.sock"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("redis+sentinel://u:secret@one,two", "must name the service"),
        ("redis+sentinel://u:secret@one,two/", "must name the service"),
        ("redis+sentinel://u:secret@one/shop/zero", "must name the service"),
        ("redis+sentinel://u:secret@one,,two/shop/0", "each Sentinel needs a host"),
        ("redis+sentinel://u:secret@/shop/0", "each Sentinel needs a host"),
        ("redis+sentinel://u:secret@one/shop?socket_timeout=60", "'socket_timeout' is no option"),
        ("redis://u:secret@host/0?socket_timeout=60", "'socket_timeout' is no option"),
        ("redis://u:secret@host/0?sentinel_password=secret", "'sentinel_password' is no option"),
        ("redis://u:secret@host/0?ssl_ca_certs=/ca.pem", "can't be read"),
        ("redis://u:secret@host/first", "a whole number"),
        ("rediss://u:secret@host/0?ssl_cert_reqs=perhaps", "can't be read"),
        ("redis://u:secret@host/?db=first", "can't be read"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(url: str, why: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(url)
    sentence = str(refused.value)
    assert why in sentence
    assert "BLINKPOS_REDIS_URL" in sentence
    assert "***" in sentence
    assert "secret" not in sentence
