"""Redis measured by connections of its own: the server that takes writes, as a till finds it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError

from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.measures import RedisMeasure
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.services.store import redis_address
from blinkpos_desktop.services.store.redis import trouble_of
from blinkpos_desktop.services.store.redis_primary import RedisPrimary


async def measure_redis(url: str) -> RedisMeasure:
    """Ask Redis what it is and how full; AWAY when it does not answer at once.

    Behind Sentinels it is the server that they name as the primary now.
    """
    try:
        address = redis_address.read(url)
    except SettingsError as error:
        return RedisMeasure(health=Health.AWAY, sentence=error.sentence)
    primary = RedisPrimary(address)
    try:
        await primary.look()
        began = time.monotonic()
        await primary.client.ping()
        latency = time.monotonic() - began
        found = await _info(primary.client)
    except (RedisError, OSError, TimeoutError) as error:
        return RedisMeasure(health=Health.AWAY, sentence=trouble_of(error))
    finally:
        await primary.aclose()
    return RedisMeasure(
        health=Health.OK,
        latency=latency,
        sentinels=len(address.sentinels),
        is_replica=str(found.get("role", "")) == "slave",
        version=str(found.get("redis_version", "")),
        memory=_whole(found.get("used_memory")),
        most_memory=_whole(found.get("maxmemory")),
        policy=str(found.get("maxmemory_policy", "")),
    )


async def _info(server: Redis) -> Mapping[str, Any]:
    # One answer has it all: what may be asked of a managed Redis is little.
    try:
        found: Mapping[str, Any] = await server.info()
    except NoPermissionError:
        return {}  # a user that may do what a till needs, and no more
    return found


def _whole(value: Any) -> int:  # noqa: ANN401 (whatever Redis says)
    return value if isinstance(value, int) else 0
