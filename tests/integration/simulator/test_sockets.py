"""The WebSocket side: what comes, in which order, and what never comes."""

import asyncio

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import Event
from websockets.typing import Subprotocol

from blinkpos_desktop.simulator.scenario import cafe
from blinkpos_desktop.simulator.server import Simulator
from blinkpos_desktop.simulator.settings import Settings
from tests.integration.simulator.asking import (
    STATUS,
    UPDATES,
    Asker,
    listening,
    open_socket,
)

SUBPROTOCOLS = [Subprotocol("graphql-transport-ws")]


async def test_the_first_next_is_no_payment(sim: Simulator, blink: Asker) -> None:
    invoice = blink.create(60, memo="Coffee", externalId="bp-1")
    async with listening(sim) as socket:
        blink.control.pay(invoice["paymentRequest"])
        update = await socket.update()
        transaction = update.pop("transaction")
        assert update == {
            "__typename": "LnUpdate",
            "paymentHash": invoice["paymentHash"],
            "status": "PAID",
            "walletId": blink.wallets["till"]["BTC"],
        }
        assert isinstance(transaction.pop("createdAt"), int)
        assert transaction == {
            "memo": "Coffee",
            "externalId": "bp-1",
            "settlementAmount": 60,
            "initiationVia": {"__typename": "InitiationViaLn"},
            "settlementVia": {"__typename": "SettlementViaLn"},
        }


async def test_another_blink_user_pays_by_ln_and_settles_inside(
    sim: Simulator, blink: Asker
) -> None:
    invoice = blink.create(23)
    async with listening(sim) as socket:
        blink.control.pay(invoice["paymentRequest"], from_username="visitor")
        transaction = (await socket.update())["transaction"]
        assert transaction["initiationVia"]["__typename"] == "InitiationViaLn"
        assert transaction["settlementVia"]["__typename"] == "SettlementViaIntraLedger"
        assert transaction["memo"] is None


async def test_a_plain_send_has_no_hash(sim: Simulator, blink: Asker) -> None:
    async with listening(sim) as socket:
        blink.control.send("visitor", "till", 5)
        update = await socket.update()
        assert update["__typename"] == "IntraLedgerUpdate"
        assert update["txNotificationType"] == "IntraLedgerReceipt"


async def test_every_till_of_the_account_hears_everything(sim: Simulator, blink: Asker) -> None:
    invoice = blink.create()
    async with listening(sim) as one, listening(sim, "blink_sim_readonly") as two:
        assert blink.control.subscribers() == {"sockets": 2, "myUpdates": 2}
        blink.control.pay(invoice["paymentRequest"])
        hashes = [(await socket.update())["paymentHash"] for socket in (one, two)]
        assert hashes == [invoice["paymentHash"]] * 2
    assert await asyncio.to_thread(blink.control.wait_for_subscribers, 0)


async def test_an_account_without_dollars_gets_no_old_price(sim: Simulator, blink: Asker) -> None:
    blink.control.change_account("till", display_currency="EUR")
    async with open_socket(sim) as socket:
        await socket.subscribe(UPDATES)
        assert (await socket.update())["__typename"] == "RealtimePrice"
        blink.control.send("visitor", "till", 5)
        assert (await socket.update())["__typename"] == "IntraLedgerUpdate"


async def test_a_wrong_key_is_acknowledged_and_shows_on_subscribing(sim: Simulator) -> None:
    for key in ("blink_wrong", None):
        async with open_socket(sim, key) as socket:
            await socket.subscribe(UPDATES)
            message = await socket.receive()
            assert message["type"] == "next"
            assert message["payload"]["data"] is None
            assert message["payload"]["errors"][0]["message"] == "Not authorized"
            assert await socket.receive() == {"id": "1", "type": "complete"}


async def test_missed_events_are_not_replayed_but_the_status_is(
    sim: Simulator, blink: Asker
) -> None:
    invoice = blink.create()
    async with listening(sim):
        pass
    blink.control.pay(invoice["paymentRequest"])
    async with listening(sim) as socket:
        await socket.subscribe(STATUS, "2", hash=invoice["paymentHash"])
        assert await socket.status() == "PAID"


async def test_the_status_needs_no_key_and_follows_the_invoice(
    sim: Simulator, blink: Asker
) -> None:
    paid, expired = blink.create_for("cafe", 21), blink.create_for("cafe", 21, expiresIn=1)
    for invoice, happens, last in (
        (paid, lambda: blink.control.pay(paid["paymentRequest"]), "PAID"),
        (expired, lambda: blink.control.advance(61), "EXPIRED"),
    ):
        async with open_socket(sim, None) as socket:
            await socket.subscribe(STATUS, hash=invoice["paymentHash"])
            assert await socket.status() == "PENDING"
            happens()
            assert await socket.status() == last


async def test_an_unknown_hash_ends_the_subscription(sim: Simulator) -> None:
    async with open_socket(sim, None) as socket:
        for payment_hash in ("00" * 32, "short"):
            await socket.subscribe(STATUS, hash=payment_hash)
            payload = (await socket.receive())["payload"]["data"]["lnInvoicePaymentStatusByHash"]
            assert payload["status"] is None
            assert payload["errors"][0]["message"]
            assert (await socket.receive())["type"] == "complete"


async def test_prices_are_pushed(sim: Simulator, blink: Asker) -> None:
    async with open_socket(sim, None) as socket:
        await socket.subscribe(
            'subscription { realtimePrice(input: {currency: "EUR"})'
            " { errors { message } realtimePrice { btcSatPrice { base offset } } } }"
        )
        first = (await socket.receive())["payload"]["data"]["realtimePrice"]
        assert first["errors"] == []
        blink.control.set_price("EUR", 1_000_000)
        price = (await socket.receive())["payload"]["data"]["realtimePrice"]["realtimePrice"]
        assert price["btcSatPrice"] == {"base": 10_000_000_000, "offset": 12}


async def test_only_subscriptions_are_allowed(sim: Simulator) -> None:
    async with open_socket(sim) as socket:
        for query in ("{ globals { network } }", "{ nonsense", "subscription { nonsense }"):
            await socket.subscribe(query)
            message = await socket.receive()
            assert (message["id"], message["type"]) == ("1", "error")
            assert message["payload"][0]["message"]


async def test_pings_both_ways_and_complete(sim: Simulator, blink: Asker) -> None:
    async with listening(sim) as socket:
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}
        await socket.send(type="pong")
        await (await socket.connection.ping())
        await socket.send(id="1", type="complete")
        assert await asyncio.to_thread(blink.control.wait_for_subscribers, 0)
        blink.control.send("visitor", "till", 1)
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_the_server_pings_by_itself() -> None:
    pinged = asyncio.Event()

    class Watching(ClientConnection):
        def process_event(self, event: Event) -> None:
            if isinstance(event, Frame) and event.opcode is Opcode.PING:
                pinged.set()
            super().process_event(event)

    world = cafe(settings=Settings(ping_seconds=0.02))
    with Simulator.running(world) as sim:
        async with (
            asyncio.timeout(5),
            connect(sim.ws_url, subprotocols=SUBPROTOCOLS, create_connection=Watching, proxy=None),
        ):
            await pinged.wait()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 4400),
        ("[]", 4400),
        ('{"type": "nonsense"}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{ me }"}}', 4401),
    ],
)
async def test_a_broken_protocol_closes_the_socket(sim: Simulator, text: str, code: int) -> None:
    async with connect(sim.ws_url, subprotocols=SUBPROTOCOLS, proxy=None) as connection:
        await connection.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code


async def test_two_inits_or_two_subscriptions_of_one_id_close_it(sim: Simulator) -> None:
    for code in (4429, 4409):
        async with listening(sim) as socket:
            if code == 4429:
                await socket.send(type="connection_init")
            else:
                await socket.subscribe(UPDATES)
            with pytest.raises(ConnectionClosed) as closed:
                await socket.receive()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code


async def test_another_subprotocol_is_not_acceptable(sim: Simulator) -> None:
    async with connect(sim.ws_url, proxy=None) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4406
