"""``myUpdates``: one connection, always on, whatever comes over it."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from blinkpos_desktop.domain.blink import PaidUpdate, PlainUpdate
from blinkpos_desktop.domain.parts import Health
from blinkpos_desktop.services.blink import subscription
from blinkpos_desktop.services.blink.subscription import CUT_OFF, KEY_REFUSED, REFUSED, Subscription
from blinkpos_desktop.simulator.client import ControlClient
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import TILL_KEY
from tests.integration.running import LIMIT, aside


class Ear:
    """Hears one subscription."""

    def __init__(self, url: str, key: str) -> None:
        self.healths: asyncio.Queue[tuple[Health, str]] = asyncio.Queue()
        self.paid: asyncio.Queue[PaidUpdate] = asyncio.Queue()
        self.plain: asyncio.Queue[PlainUpdate] = asyncio.Queue()
        self.waits: list[int] = []
        self.subscription = Subscription(
            url,
            key,
            on_paid=self.paid.put_nowait,
            on_plain=self.plain.put_nowait,
            on_health=lambda health, sentence: self.healths.put_nowait((health, sentence)),
            jitter=lambda: 0.5,
        )

    async def health(self) -> tuple[Health, str]:
        async with asyncio.timeout(LIMIT):
            return await self.healths.get()

    async def update(self) -> PaidUpdate:
        async with asyncio.timeout(LIMIT):
            return await self.paid.get()


@asynccontextmanager
async def listening(url: str, key: str = TILL_KEY) -> AsyncIterator[Ear]:
    ear = Ear(url, key)
    with pytest.MonkeyPatch.context() as patch:

        def waits(tries: int, _jitter: float) -> float:
            ear.waits.append(tries)
            return 0.01

        patch.setattr(subscription, "retry_delay", waits)
        task = asyncio.create_task(ear.subscription.run())
        try:
            yield ear
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


@pytest.fixture
async def ear(simulator: Simulator) -> AsyncIterator[Ear]:
    """One that is connected."""
    async with listening(simulator.ws_url) as ear:
        assert await ear.health() == (Health.OK, "")
        yield ear


@pytest.fixture
def control(simulator: Simulator) -> ControlClient:
    return simulator.control


async def _paid(control: ControlClient, sats: int = 23) -> str:
    made = await aside(control.create_invoice, "till", sats)
    await aside(control.pay, made["payment_request"])
    return str(made["payment_hash"])


async def _one_connection(control: ControlClient) -> None:
    assert await aside(control.wait_for_subscribers, 1)
    assert await aside(control.wait_for_subscribers, 1, kind="sockets")


async def test_a_payment_is_heard_and_the_first_price_is_none(
    ear: Ear, control: ControlClient
) -> None:
    assert ear.paid.empty()
    payment_hash = await _paid(control)
    assert await ear.update() == PaidUpdate(payment_hash=payment_hash, received_sats=23)
    assert ear.waits == []
    await _one_connection(control)


async def test_a_plain_send_is_no_payment_of_ours(ear: Ear, control: ControlClient) -> None:
    await aside(control.send, "visitor", "till", 50)
    payment_hash = await _paid(control)
    assert (await ear.update()).payment_hash == payment_hash
    assert ear.paid.empty()
    came = ear.plain.get_nowait()
    [shown] = [
        each for each in await aside(control.transactions, "till") if each["payment_hash"] is None
    ]
    assert came == PlainUpdate(id=shown["id"], received_sats=50)
    # What leaves us is told as well, and is no income.
    await aside(control.send, "till", "visitor", 20)
    await _paid(control)
    await ear.update()
    assert ear.plain.empty()


async def test_what_came_in_without_an_invoice_is_heard_when_it_is_there(
    ear: Ear, control: ControlClient
) -> None:
    def transaction(number: object, **changes: object) -> dict[str, object]:
        usual = {"status": "SUCCESS", "direction": "RECEIVE", "settlementCurrency": "BTC"}
        return {"id": number, "settlementAmount": 9, **usual, **changes}

    for kind, told in (
        ("OnChainUpdate", transaction("pending", status="PENDING")),
        ("OnChainUpdate", transaction("chain")),
        ("IntraLedgerUpdate", transaction("cents", settlementCurrency="USD")),
        ("IntraLedgerUpdate", transaction("odd", settlementAmount="9")),
        ("IntraLedgerUpdate", transaction("sent", direction="SEND")),
        ("IntraLedgerUpdate", transaction(7)),
        ("IntraLedgerUpdate", None),
        ("LnUpdate", transaction("invoice")),
    ):
        update = {"__typename": kind, "transaction": told}
        payload: dict[str, object] = {"data": {"myUpdates": {"errors": [], "update": update}}}
        message = {"id": "updates", "type": "next", "payload": payload}
        await aside(control.say, json.dumps(message))
    await _paid(control)
    await ear.update()
    assert [ear.plain.get_nowait() for _ in range(ear.plain.qsize())] == [
        PlainUpdate(id="chain", received_sats=9),
        PlainUpdate(id="cents", received_sats=None, received_cents=9),
        PlainUpdate(id="odd", received_sats=None),
    ]


async def test_another_blink_users_payment_is_heard_too(ear: Ear, control: ControlClient) -> None:
    made = await aside(control.create_invoice, "till", 7)
    await aside(control.pay, made["payment_request"], from_username="visitor")
    assert (await ear.update()).received_sats == 7


async def test_odd_but_harmless_shapes_are_borne(ear: Ear, control: ControlClient) -> None:
    await aside(control.set_event_faults, created_at_as_object=True)
    payment_hash = await _paid(control)
    assert (await ear.update()).payment_hash == payment_hash
    good = "ab" * 32
    for update in (
        {"__typename": "LnUpdate", "status": "PAID", "paymentHash": good, "transaction": None},
        {"__typename": "LnUpdate", "status": "PAID", "paymentHash": "\x00'", "transaction": {}},
        {"__typename": "LnUpdate", "status": "PAID", "paymentHash": 7},
        {"__typename": "LnUpdate", "status": "PENDING", "paymentHash": good},
        {"__typename": "SomethingNew", "memo": None},
        None,
        {
            "__typename": "LnUpdate",
            "status": "PAID",
            "paymentHash": good,
            "transaction": {"memo": None, "settlementAmount": 10**40, "settlementCurrency": "BTC"},
        },
    ):
        payload: dict[str, object] = {"data": {"myUpdates": {"errors": [], "update": update}}}
        message = {"id": "updates", "type": "next", "payload": payload}
        await aside(control.say, json.dumps(message))
    assert await ear.update() == PaidUpdate(payment_hash=good, received_sats=None)
    assert await ear.update() == PaidUpdate(payment_hash=good, received_sats=None)
    assert (ear.paid.empty(), ear.healths.empty()) == (True, True)
    await _one_connection(control)


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "[1, 2]",
        "null",
        '"next"',
        "{}",
        '{"type": 7}',
        '{"type": "surprise"}',
        '{"type": "next"}',
        '{"type": "next", "payload": [1]}',
        '{"type": "next", "payload": {"data": 5}}',
        '{"type": "next", "payload": {"data": {"myUpdates": null}}}',
        "[" * 100_000,
        '{"type": "complete", "id": "updates"}',
        '{"type": "next", "payload": "%s"}' % ("x" * (1 << 20)),
    ],
    ids=lambda frame: frame[:40],
)
async def test_what_is_no_message_ends_the_connection_which_is_made_anew(
    ear: Ear, control: ControlClient, frame: str
) -> None:
    await aside(control.say, frame)
    assert await ear.health() == (Health.AWAY, CUT_OFF)
    assert await ear.health() == (Health.OK, "")
    assert ear.waits == [], "at once"
    payment_hash = await _paid(control)
    assert (await ear.update()).payment_hash == payment_hash
    await _one_connection(control)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"errors": [{"message": "Not authorized"}]}, KEY_REFUSED),
        ({"errors": [{"message": "Internal server error"}]}, REFUSED),
        ({"data": {"myUpdates": {"errors": [{"message": "Not authorized"}]}}}, KEY_REFUSED),
    ],
)
async def test_errors_in_an_update_are_said_as_what_they_are(
    ear: Ear, control: ControlClient, payload: dict[str, object], sentence: str
) -> None:
    await aside(control.say, json.dumps({"id": "updates", "type": "next", "payload": payload}))
    assert await ear.health() == (Health.AWAY, sentence)
    assert await ear.health() == (Health.OK, "")


@pytest.mark.parametrize("kind", ["complete", "error"])
async def test_an_ended_subscription_is_made_anew(
    ear: Ear, control: ControlClient, kind: str
) -> None:
    await aside(control.end_subscriptions, kind)
    assert (await ear.health())[0] is Health.AWAY
    assert await ear.health() == (Health.OK, "")
    await _one_connection(control)


async def test_a_connection_that_ends_again_and_again_is_not_made_in_a_hot_loop(
    ear: Ear, control: ControlClient
) -> None:
    for _ in range(4):
        await aside(control.say, "{")
        assert (await ear.health())[0] is Health.AWAY
        assert (await ear.health())[0] is Health.OK
    assert ear.waits == [1, 2, 3]
    await _one_connection(control)


async def test_a_wrong_key_is_acknowledged_and_then_refused(simulator: Simulator) -> None:
    async with listening(simulator.ws_url, "blink_wrong") as ear:
        assert await ear.health() == (Health.AWAY, KEY_REFUSED)
        assert await ear.health() == (Health.AWAY, KEY_REFUSED)
        assert ear.waits[:1] == [1]


async def test_cut_sockets_are_made_anew(ear: Ear, control: ControlClient) -> None:
    assert await aside(control.cut_sockets) == 1
    assert await ear.health() == (Health.AWAY, CUT_OFF)
    assert await ear.health() == (Health.OK, "")
    await _one_connection(control)


async def test_a_muted_socket_is_found_by_the_pings(
    simulator: Simulator, control: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "PING_EVERY", 0.05)
    monkeypatch.setattr(subscription, "SILENCE_SECONDS", 0.3)
    async with listening(simulator.ws_url) as ear:
        assert (await ear.health())[0] is Health.OK
        await aside(control.mute_sockets)
        assert await ear.health() == (Health.AWAY, CUT_OFF)
        assert (await ear.health())[0] is Health.OK
        # Pongs alone keep it: nothing else is said here.
        payment_hash = await _paid(control)
        assert (await ear.update()).payment_hash == payment_hash


async def test_a_redirect_does_not_take_the_key_along(simulator: Simulator) -> None:
    async def redirect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {simulator.ws_url}\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(redirect, "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    async with server, listening(url) as ear:
        for _ in range(2):
            assert await ear.health() == (Health.AWAY, CUT_OFF)
        assert (await aside(simulator.control.subscribers))["sockets"] == 0


@pytest.mark.parametrize("behaviour", ["refuse", "hang"])
async def test_connections_that_are_not_taken_are_tried_ever_more_seldom(
    simulator: Simulator,
    control: ControlClient,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
) -> None:
    monkeypatch.setattr(subscription, "OPEN_SECONDS", 0.2)
    await aside(control.new_sockets, behaviour)
    async with listening(simulator.ws_url) as ear:
        for _ in range(3):
            assert await ear.health() == (Health.AWAY, CUT_OFF)
        assert ear.waits[:2] == [1, 2]
        monkeypatch.setattr(subscription, "OPEN_SECONDS", 10.0)
        await aside(control.new_sockets, "accept")
        while (await ear.health())[0] is not Health.OK:
            pass
        await _one_connection(control)


async def test_a_server_that_never_acknowledges_is_left(
    simulator: Simulator, control: ControlClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "OPEN_SECONDS", 0.2)
    await aside(control.mute_sockets, new=True)
    async with listening(simulator.ws_url) as ear:
        assert await ear.health() == (Health.AWAY, CUT_OFF)


async def test_cancelled_it_leaves_nothing_behind(
    simulator: Simulator, control: ControlClient
) -> None:
    before = asyncio.all_tasks()
    async with listening(simulator.ws_url) as ear:
        assert (await ear.health())[0] is Health.OK
    assert await aside(control.wait_for_subscribers, 0, kind="sockets")
    assert asyncio.all_tasks() <= before
    gc.collect()


async def test_the_key_is_in_no_record_even_at_debug(
    simulator: Simulator, control: ControlClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with listening(simulator.ws_url) as ear:
        assert (await ear.health())[0] is Health.OK
        await aside(control.cut_sockets)
        assert (await ear.health())[0] is Health.AWAY
    assert caplog.records
    assert TILL_KEY not in caplog.text
