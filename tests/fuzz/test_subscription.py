"""Updates from a server that talks nonsense: nothing is made up, and the next call works."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.blink import PaidUpdate
from blinkpos_desktop.domain.money import MAX_SATS
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.services.blink import subscription
from blinkpos_desktop.services.blink.subscription import Subscription
from tests.fuzz.babbler import LAST, Babbler, Frame, Moment, Raw, update
from tests.fuzz.nonsense import garbled, odd_values, spoiled
from tests.fuzz.profile import FUZZ

LIMIT: Final = 20.0
_MOMENTS: Final = st.sampled_from(Moment)
_MESSAGES: Final = st.one_of(
    spoiled(update("ab" * 32)).map(json.dumps),
    odd_values.map(json.dumps),
    st.fixed_dictionaries(
        {
            "type": st.one_of(
                st.sampled_from(
                    ["next", "ping", "pong", "connection_ack", "complete", "error", "subscribe"]
                ),
                odd_values,
            ),
            "payload": odd_values,
        }
    ).map(json.dumps),
    garbled(update("ab" * 32)).map(lambda each: each[0][: 2 << 20]),
    st.text(max_size=50),
)
_BROKEN: Final = st.one_of(
    st.binary(min_size=1, max_size=60),
    st.sampled_from(
        [
            b"\x81\x02\xff\xfe",  # a text that is no UTF-8
            b"\x83\x00",  # an opcode that nobody knows
            b"\x81\x7f\x7f" + b"\xff" * 7,  # a frame without end
            b"\x81\x85abcdhello",  # masked, by a server
            b"\x01\x02{}\x81\x00",  # a message begun anew within another
            b"\x09\x7e\x01\x00" + b"x" * 256,  # a ping that is too long
            b"\x89\x03abc",  # a fair ping
            b"\x88\x02\x03\xe8",  # a fair close
            b"\x88\x01\x03",  # half of one
            b"\x88\x02\x00\x00",
            b"\x88\x06\x03\xe8\xff\xff\xff\xff",
            b"\xf1\x00",  # reserved bits
            b"\x80\x02hi",  # goes on with nothing
        ]
    ),
).map(Raw)
_GREETINGS: Final = st.one_of(
    st.binary(max_size=100),
    st.sampled_from(
        [
            b"",
            b"HTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            b"HTTP/1.1 101 Odd\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: bm8=\r\n\r\n",
            b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\n{}",
            b"HTTP/1.1 302 Found\r\nLocation: ws://[\r\n\r\n",
            b"HTTP/1.1 302 Found\r\nLocation: \r\n\r\n",
            b"HTTP/1.1 500 \xff\xfe\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300 + b"\r\n",
            b"HTTP/1.1 429 Too Many\r\nContent-Length: x\r\n\r\n",
            b"\x16\x03\x01",
        ]
    ),
)


def meant(frame: Frame) -> PaidUpdate | None:
    """Return the payment that a frame tells of, strictly read; ``None`` for all nonsense."""
    if isinstance(frame, Raw):
        return None
    try:
        message = json.loads(frame)
        assert message["type"] == "next"
        payload = message["payload"]
        assert not payload.get("errors")
        paid = payload["data"]["myUpdates"]["update"]
        assert paid["__typename"] == "LnUpdate"
        assert paid["status"] == "PAID"
        assert re.fullmatch("[0-9a-f]{64}", paid["paymentHash"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, AssertionError):
        return None
    return PaidUpdate(payment_hash=paid["paymentHash"], received_sats=_sum(paid.get("transaction")))


def _sum(transaction: Any) -> int | None:  # noqa: ANN401 (JSON)
    if not isinstance(transaction, dict) or transaction.get("settlementCurrency") != "BTC":
        return None
    amount = transaction.get("settlementAmount")
    return amount if type(amount) is int and 0 < amount <= MAX_SATS else None


class Ear:
    """What one subscription heard, until the good update at the end."""

    def __init__(self) -> None:
        self.paid: list[PaidUpdate] = []
        self.healths: list[Health] = []
        self.done = asyncio.Event()

    def on_paid(self, paid: PaidUpdate) -> None:
        self.paid.append(paid)
        if paid.payment_hash == LAST:
            self.done.set()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "retry_delay", lambda _tries, _jitter: 0.0)
    # A server that says nothing more is left soon: only beneath the protocol can it fall silent.
    monkeypatch.setattr(subscription, "PING_EVERY", 0.1)
    monkeypatch.setattr(subscription, "SILENCE_SECONDS", 0.3)


async def listen(babbler: Babbler) -> Ear:
    ear = Ear()
    async with babbler.running():
        subscribed = Subscription(
            babbler.url,
            "blink_key",
            on_paid=ear.on_paid,
            on_plain=lambda _update: None,
            on_health=lambda health, _: ear.healths.append(health),
            jitter=lambda: 0.0,
        )
        listening = asyncio.create_task(subscribed.run())
        heard = asyncio.create_task(ear.done.wait())
        await asyncio.wait({listening, heard}, timeout=LIMIT, return_when=asyncio.FIRST_COMPLETED)
        died = listening.exception() if listening.done() else None
        for task in (listening, heard):
            task.cancel()
        await asyncio.gather(listening, heard, return_exceptions=True)
    assert died is None, f"the subscription died of {died!r}"
    assert ear.done.is_set(), f"after {babbler.calls} calls it hears nothing: {ear.healths}"
    assert ear.healths[-1] is Health.OK
    return ear


def check(ear: Ear, babbler: Babbler) -> None:
    """Everything that was heard had been said, in its order, and once."""
    assert babbler.calls <= 2, "the next connection works, and is kept"
    said = [each for each in map(meant, babbler.frames) if each is not None]
    heard = [each for each in ear.paid if each.payment_hash != LAST]
    assert heard == said[: len(heard)]


@FUZZ
@given(_MOMENTS, st.lists(_MESSAGES, max_size=4))
def test_messages_that_are_none(
    runner: asyncio.Runner, moment: Moment, frames: list[str | bytes]
) -> None:
    babbler = Babbler(moment, frames)
    check(runner.run(listen(babbler)), babbler)


@FUZZ
@given(_MOMENTS, st.lists(_BROKEN | _MESSAGES, min_size=1, max_size=3))
def test_frames_that_are_none(runner: asyncio.Runner, moment: Moment, frames: list[Frame]) -> None:
    babbler = Babbler(moment, [*frames, Raw(b"\x88\x00")])
    ear = runner.run(listen(babbler))
    assert babbler.calls <= 2
    heard = [each for each in ear.paid if each.payment_hash != LAST]
    assert set(heard) <= {meant(each) for each in frames}


@FUZZ
@given(_GREETINGS)
def test_greetings_that_are_none(runner: asyncio.Runner, greeting: bytes) -> None:
    babbler = Babbler(Moment.SUBSCRIBED, [], greeting=greeting)
    ear = runner.run(listen(babbler))
    assert [each.payment_hash for each in ear.paid] == [LAST]
    assert ear.healths == [Health.AWAY, Health.OK]
