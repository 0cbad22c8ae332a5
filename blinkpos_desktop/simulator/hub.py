"""Who listens, and what goes wrong on the way to him."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field

from .events import Event, LightningReceived


@dataclass(eq=False, slots=True)
class Subscriber:
    """One subscription's queue of events."""

    topic: str
    owner: str
    """The account's id for `myUpdates`, the payment hash for a status."""
    events: "asyncio.Queue[Event]" = field(default_factory=asyncio.Queue)


@dataclass(slots=True)
class EventFaults:
    """What happens to the next `LnUpdate` events, and how all events look."""

    suppress: int = 0
    duplicate: int = 0
    swap_next_two: bool = False
    created_at_as_object: bool = False
    held: Event | None = None

    def apply(self, event: Event) -> list[Event]:
        """What is sent for that event, in order."""
        if not isinstance(event, LightningReceived):
            return [event]
        if self.suppress > 0:
            self.suppress -= 1
            return []
        if self.swap_next_two:
            if self.held is None:
                self.held = event
                return []
            held, self.held, self.swap_next_two = self.held, None, False
            return [event, held]
        if self.duplicate > 0:
            self.duplicate -= 1
            return [event, event]
        return [event]


class Hub:
    """Carries the world's events to the subscriptions. Lives in the server's loop."""

    def __init__(self) -> None:
        self.faults = EventFaults()
        self.requests: Counter[str] = Counter()
        """Requests by operation and by root field."""
        self._subscribers: set[Subscriber] = set()
        self._changed = asyncio.Event()
        self._closed = False

    def publish(self, event: Event) -> None:
        """Give an event to everyone; each takes what is his."""
        for sent in self.faults.apply(event):
            for subscriber in self._subscribers:
                subscriber.events.put_nowait(sent)
        self.touch()

    @contextlib.contextmanager
    def subscribe(self, topic: str, owner: str) -> Iterator[Subscriber]:
        """Listen for as long as the context lasts."""
        subscriber = Subscriber(topic=topic, owner=owner)
        self._subscribers.add(subscriber)
        self.touch()
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)
            self.touch()

    def subscribers(self) -> Counter[str]:
        """How many subscriptions there are, by topic."""
        return Counter(subscriber.topic for subscriber in self._subscribers)

    def count_request(self, names: set[str]) -> None:
        """Count one request under each of its names."""
        self.requests.update(names)
        self.touch()

    def touch(self) -> None:
        """Wake whoever waits for something to change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """Nobody waits any longer: the simulator ends."""
        self._closed = True
        self.touch()

    async def wait_until(self, happened: Callable[[], bool], seconds: float) -> bool:
        """Wait until it has happened; False when it hasn't within `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not happened() and not self._closed:
                    await self._changed.wait()
        return happened()


async def events_of(
    subscriber: Subscriber, deadline: Callable[[], float | None]
) -> AsyncGenerator[Event | None, None]:
    """The subscriber's events; None when the deadline (seconds from now) has come."""
    while True:
        try:
            async with asyncio.timeout(deadline()):
                event = await subscriber.events.get()
        except TimeoutError:
            yield None
        else:
            yield event
