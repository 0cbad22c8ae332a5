"""The Redis server that takes writes: the one that is set, or whom the Sentinels name now."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, RedisError

from blinkpos_desktop.services.store import redis_address
from blinkpos_desktop.services.store.redis_address import LIMIT_SECONDS, RedisAddress

FIND_SECONDS: Final = 4 * LIMIT_SECONDS
"""A new connection and the answer on it, with room; only a task of its own waits so long."""
Place = tuple[str, int]
_log = logging.getLogger(__name__)


class RedisPrimary:
    """Follows the Sentinels' word, and asks whoever they name whether it is so."""

    def __init__(self, address: RedisAddress) -> None:
        """Build the clients; nothing is connected yet."""
        self._address = address
        self._sentinels = [redis_address.client(each) for each in address.sentinels]
        self._client = None if self._sentinels else redis_address.client(address.server)
        self._place: Place | None = None

    @property
    def client(self) -> Redis:
        """The client of the server that took writes when last looked.

        Raises:
            redis.exceptions.ConnectionError: no such server is known yet.
        """
        if self._client is None:
            raise RedisConnectionError("no primary is known")
        return self._client

    async def look(self) -> None:
        """Ask whether the server is there, and first, where there are Sentinels, which one it is.

        Raises:
            redis.exceptions.RedisError: there is none, or it does not answer.
            OSError: the same, and so is ``TimeoutError``.
        """
        async with asyncio.timeout(2 * FIND_SECONDS):
            if not self._sentinels:
                await self.client.ping()
                return
            trouble: Exception = RedisConnectionError("the Sentinels know no primary that answers")
            for place in await self._named():
                try:
                    if await self._follow(place):
                        return
                except (RedisError, OSError, TimeoutError) as error:
                    trouble = error
            raise trouble

    async def aclose(self) -> None:
        """Close every connection."""
        for each in (*self._sentinels, self._client):
            if each is not None:
                await each.aclose()

    async def _named(self) -> list[Place]:
        """Return whom the Sentinels name, most named first: one that is cut off may be behind."""
        answers = await asyncio.gather(
            *(self._ask(sentinel) for sentinel in self._sentinels), return_exceptions=True
        )
        votes: Counter[Place] = Counter()
        troubles: list[BaseException] = []
        for answer in answers:
            if isinstance(answer, BaseException):
                troubles.append(answer)
            elif answer is not None:
                votes[answer] += 1
        if not votes and troubles:
            raise troubles[0]
        return [place for place, _ in votes.most_common()]

    async def _ask(self, sentinel: Redis) -> Place | None:
        async with asyncio.timeout(FIND_SECONDS):
            answer = await sentinel.sentinel_get_master_addr_by_name(self._address.service)
        if not isinstance(answer, tuple):
            return None
        host, port = answer
        return host.decode() if isinstance(host, bytes) else str(host), int(port)

    async def _follow(self, place: Place) -> bool:
        """Take a server as the primary if it says so itself; one that is known keeps its client."""
        if place == self._place:
            return await _takes_writes(self.client)
        host, port = place
        fresh = redis_address.client({**self._address.server, "host": host, "port": port})
        taken = False
        try:
            taken = await _takes_writes(fresh)
        finally:
            if not taken:
                await fresh.aclose()
        if taken:
            _log.info("Redis: %s:%d is the primary", host, port)
            old, self._client, self._place = self._client, fresh, place
            if old is not None:
                await old.aclose()
        return taken


async def _takes_writes(server: Redis) -> bool:
    try:
        role = await server.role()
    except NoPermissionError:
        # A user that may not ask: a replica refuses the first write, and that tells it too.
        await server.ping()
        return True
    return bool(role) and role[0] in {b"master", "master"}
