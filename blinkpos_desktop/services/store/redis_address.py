"""What BLINKPOS_REDIS_URL says: one server, or a service that Sentinels watch over.

``redis://user:password@host:6379/0``, ``rediss://`` over TLS, ``unix:///path``, and
``redis+sentinel://user:password@host1:26379,host2:26379/service/0`` (``rediss+sentinel://``:
TLS to the Sentinels and the servers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from blinkpos_desktop.domain.address import redact_url
from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.settings import PREFIX

LIMIT_SECONDS: Final = 0.25
"""What any one request, or the way to a server, may take."""
SENTINEL_PORT: Final = 26379
_MOST_CONNECTIONS: Final = 200
"""Far more than a till asks at once: whoever finds none takes Redis for away."""
_SENTINEL_OWN: Final = ("sentinel_username", "sentinel_password")
_OPTIONS: Final = frozenset(
    {
        *("db", "username", "password", "ssl_ca_certs", "ssl_ca_path", "ssl_certfile"),
        *("ssl_keyfile", "ssl_password", "ssl_check_hostname", "ssl_cert_reqs"),
    }
)
"""Not the client's own limits: those are ours, so that no sale waits for Redis."""

Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """Where Redis is, and how its servers and Sentinels are talked to."""

    server: Options
    """Of one server; without a host where Sentinels know it."""
    sentinels: tuple[Options, ...] = ()
    service: str = ""


def read(url: str) -> RedisAddress:
    """Read an address.

    Raises:
        SettingsError: it can't be used; the sentence says why and shows no password.
    """
    try:
        is_watched = "+sentinel" in urlsplit(url).scheme
        address = _watched(url) if is_watched else RedisAddress(server=_options(url, _OPTIONS))
        # A wrong option is noticed here, not by every attempt to connect.
        for options in (address.server, *address.sentinels):
            pool = client(options).connection_pool
            pool.connection_class(**pool.connection_kwargs)
    except _WrongError as error:
        raise SettingsError(f"{PREFIX}REDIS_URL {redact_url(url)}: {error}.") from None
    except (TypeError, ValueError, RedisError):
        # Their message can repeat the password.
        raise SettingsError(
            f"{PREFIX}REDIS_URL {redact_url(url)} can't be read: "
            "it is like redis://host:6379/0 or redis+sentinel://host1,host2/service/0."
        ) from None
    return address


def client(options: Options) -> Redis:
    """Return a client that gives up soon and tries nothing again by itself."""
    pool = ConnectionPool(
        **{
            **options,
            "socket_timeout": LIMIT_SECONDS,
            "socket_connect_timeout": LIMIT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
            "client_name": "blinkpos",
            "max_connections": _MOST_CONNECTIONS,
        }
    )
    return Redis.from_pool(pool)


class _WrongError(Exception):
    """What is wrong, in words that repeat no password."""


def _options(url: str, allowed: frozenset[str]) -> dict[str, Any]:
    parts = urlsplit(url)
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if name not in allowed:
            known = ", ".join(sorted(allowed))
            raise _WrongError(f"{name!r} is no option here, these are: {known}")
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d*", parts.path):
        raise _WrongError("a database is a whole number, as in redis://host:6379/0")
    return dict(parse_url(url))


def _watched(url: str) -> RedisAddress:
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    path = re.fullmatch(r"/([^/]+)(?:/(\d+))?/?", parts.path)
    if path is None:
        raise _WrongError(
            "it must name the service that the Sentinels watch over, and may name a database: "
            "redis+sentinel://host1:26379,host2:26379/service/0"
        )
    scheme = parts.scheme.removesuffix("+sentinel")
    query = parse_qsl(parts.query, keep_blank_values=True)
    own = dict(query)
    shared = [pair for pair in query if pair[0] not in _SENTINEL_OWN]
    server = _options(
        f"{scheme}://{user}{at}primary/{path[2] or 0}?{urlencode(shared)}",
        _OPTIONS | set(_SENTINEL_OWN),
    )
    of_server = {"host", "port", "db", "username", "password"}
    of_sentinel: dict[str, Any] = {
        name: value for name, value in server.items() if name not in of_server
    }
    for name in _SENTINEL_OWN:
        if own.get(name):
            of_sentinel[name.removeprefix("sentinel_")] = own[name]
    return RedisAddress(
        server={name: value for name, value in server.items() if name not in {"host", "port"}},
        sentinels=tuple({**of_sentinel, **_place(each)} for each in hosts.split(",")),
        service=unquote(path[1]),
    )


def _place(text: str) -> dict[str, Any]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise _WrongError("each Sentinel needs a host, as in host1:26379,host2:26379")
    return {"host": parts.hostname, "port": parts.port or SENTINEL_PORT}
