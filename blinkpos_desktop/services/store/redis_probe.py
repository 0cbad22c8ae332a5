"""Redis measured by a connection of its own."""

from __future__ import annotations

import time
from typing import Any

from redis.exceptions import RedisError

from blinkpos_desktop.domain.errors import SettingsError
from blinkpos_desktop.domain.facts import Health
from blinkpos_desktop.domain.measures import RedisMeasure
from blinkpos_desktop.services.store.redis import client_for


async def measure_redis(url: str) -> RedisMeasure:
    """Ask Redis what it is and how full; AWAY when it does not answer at once."""
    try:
        client = client_for(url)
    except SettingsError:
        return RedisMeasure(health=Health.AWAY)
    try:
        await client.ping()
        began = time.monotonic()
        await client.ping()
        latency = time.monotonic() - began
        # One answer has it all: what may be asked of a managed Redis is little.
        found = await client.info()
    except (RedisError, OSError, TimeoutError):
        return RedisMeasure(health=Health.AWAY)
    finally:
        await client.aclose()
    return RedisMeasure(
        health=Health.OK,
        version=str(found.get("redis_version", "")),
        latency=latency,
        memory=_whole(found.get("used_memory")),
        most_memory=_whole(found.get("maxmemory")),
        policy=str(found.get("maxmemory_policy", "")),
    )


def _whole(value: Any) -> int:  # noqa: ANN401 (whatever Redis says)
    return value if isinstance(value, int) else 0
