"""Every fault that the control side can lay."""

import asyncio
import json
import time

import bolt11
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from blinkpos_desktop.simulator.client import ControlError
from blinkpos_desktop.simulator.server import Simulator
from tests.integration.simulator.asking import KEY, UPDATES, Asker, listening, open_socket

NETWORK = "query Network { globals { network } }"
SUBPROTOCOLS = [Subprotocol("graphql-transport-ws")]


def create_query(blink: Asker) -> str:
    wallet = blink.wallets["till"]["BTC"]
    return f"""mutation {{ lnInvoiceCreate(input: {{walletId: "{wallet}", amount: 23}})
      {{ errors {{ code message }} invoice {{ paymentHash }} }} }}"""


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_http_status(blink: Asker, status: int) -> None:
    blink.control.lay_fault("http_status", match="Network", status=status)
    assert blink.post(NETWORK).status_code == status
    assert blink.post(NETWORK).status_code == 200


def test_a_rule_matches_by_name_and_counts(blink: Asker) -> None:
    blink.control.lay_fault("http_status", match="globals", times=2, skip=1)
    codes = [blink.post(NETWORK).status_code for _ in range(4)]
    assert codes == [200, 500, 500, 200]
    assert blink.post("{ me { id } }").status_code == 200
    assert blink.control.faults()[0]["hits"] == 2
    blink.control.lay_fault("http_status", times=None)
    assert blink.post("{ me { id } }").status_code == 500
    blink.control.clear_faults()
    assert blink.post("{ me { id } }").status_code == 200


@pytest.mark.parametrize("late", [False, True])
def test_delay(blink: Asker, *, late: bool) -> None:
    blink.control.lay_fault("delay", seconds=0.2, late=late)
    began = time.monotonic()
    assert blink.post(create_query(blink)).status_code == 200
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize(("kind", "done"), [("hang", 0), ("hang_after", 1)])
def test_hang(blink: Asker, kind: str, done: int) -> None:
    blink.control.lay_fault(kind, match="lnInvoiceCreate")
    with pytest.raises(httpx.ReadTimeout):
        blink.http.post(
            blink.sim.api_url,
            json={"query": create_query(blink)},
            headers={"X-API-KEY": KEY},
            timeout=0.2,
        )
    assert len(blink.control.invoices()) == done


@pytest.mark.parametrize(("kind", "done"), [("drop_before", 0), ("lost_answer", 1)])
def test_no_answer(blink: Asker, kind: str, done: int) -> None:
    blink.control.lay_fault(kind, match="lnInvoiceCreate")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        blink.post(create_query(blink))
    assert len(blink.control.invoices()) == done


def test_a_lost_answer_of_a_send_moved_the_sats(blink: Asker) -> None:
    blink.control.fund("till", 21)
    request = blink.create_for("cafe", 21)["paymentRequest"]
    blink.control.lay_fault("lost_answer", match="lnInvoicePaymentSend")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        blink.pay(request)
    assert blink.control.wait_for_balance("cafe", 21)
    assert blink.pay(request)["status"] == "ALREADY_PAID"


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("code", ["TOO_MANY_REQUEST", None])
def test_payload_error(blink: Asker, code: str | None, *, processed: bool) -> None:
    blink.control.lay_fault("payload_error", code=code, message="No", processed=processed)
    payload = blink.ask(create_query(blink))["data"]["lnInvoiceCreate"]
    assert payload == {"errors": [{"code": code, "message": "No"}], "invoice": None}
    assert len(blink.control.invoices()) == processed


@pytest.mark.parametrize("processed", [False, True])
def test_errors_above_the_payload_and_nothing_at_all(blink: Asker, *, processed: bool) -> None:
    blink.control.lay_fault("graphql_error", message="Boom", processed=processed)
    body = blink.ask(create_query(blink))
    assert body == {"data": None, "errors": [{"message": "Boom"}]}
    blink.control.lay_fault("null_payload", processed=processed)
    assert blink.ask(create_query(blink)) == {"data": None}
    assert len(blink.control.invoices()) == 2 * processed


@pytest.mark.parametrize("body", ["garbage", "truncated", "html", "empty", "deep"])
def test_malformed_answers_are_no_json(blink: Asker, body: str) -> None:
    blink.control.lay_fault("malformed", body=body)
    answer = blink.post(create_query(blink))
    assert answer.status_code == 200
    with pytest.raises((ValueError, RecursionError)):
        answer.json()
    assert len(blink.control.invoices()) == 1


def test_malformed_answers_of_the_wrong_shape(blink: Asker) -> None:
    blink.control.lay_fault("malformed", body="array")
    assert isinstance(blink.post(create_query(blink)).json(), list)
    blink.control.lay_fault("malformed", body="types")
    assert blink.post(create_query(blink)).json()["data"]["lnInvoiceCreate"] == 7


@pytest.mark.parametrize("field", ["amount", "hash", "network", "expiry", "memo"])
def test_wrong_invoice(blink: Asker, field: str) -> None:
    blink.control.lay_fault("wrong_invoice", field=field)
    invoice = blink.create(23, memo="Coffee", expiresIn=15)
    text = bolt11.decode(invoice["paymentRequest"])
    right = {
        "amount": text.amount_msat == 23_000,
        "hash": text.payment_hash == invoice["paymentHash"],
        "network": text.currency == "bcrt",
        "expiry": text.expiry == 900,
        "memo": text.description == "Coffee",
    }
    assert [name for name, holds in right.items() if not holds] == [field]


async def test_sockets_can_be_cut(sim: Simulator, blink: Asker) -> None:
    async with listening(sim) as socket:
        assert blink.control.cut_sockets() == 1
        with pytest.raises(ConnectionClosed) as closed:
            await socket.receive()
        assert closed.value.rcvd is None


async def test_a_muted_socket_says_nothing_not_even_pong(sim: Simulator, blink: Asker) -> None:
    async with listening(sim) as socket:
        blink.control.mute_sockets()
        pong = asyncio.ensure_future(await socket.connection.ping())
        await socket.send(type="ping")
        blink.control.send("visitor", "till", 1)
        async with listening(sim) as other:
            # By now an event has gone by: the muted one has heard nothing.
            blink.control.send("visitor", "till", 1)
            assert (await other.update())["__typename"] == "IntraLedgerUpdate"
        assert not pong.done()
        pong.cancel()
        blink.control.mute_sockets(on=False)
        blink.control.send("visitor", "till", 1)
        assert (await socket.update())["__typename"] == "IntraLedgerUpdate"
        socket.connection.transport.abort()


async def test_new_sockets_can_be_mute_from_the_start(sim: Simulator, blink: Asker) -> None:
    blink.control.mute_sockets(new=True)
    async with connect(sim.ws_url, subprotocols=SUBPROTOCOLS, proxy=None) as connection:
        await connection.send('{"type": "connection_init"}')
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await connection.recv()
        connection.transport.abort()


async def test_new_sockets_can_be_refused_or_left_waiting(sim: Simulator, blink: Asker) -> None:
    blink.control.new_sockets("refuse")
    with pytest.raises(InvalidStatus) as refused:
        await connect(sim.ws_url, subprotocols=SUBPROTOCOLS, proxy=None)
    assert refused.value.response.status_code == 503
    blink.control.new_sockets("hang")
    with pytest.raises(TimeoutError):
        await connect(sim.ws_url, subprotocols=SUBPROTOCOLS, proxy=None, open_timeout=0.1)
    blink.control.clear_faults()
    async with open_socket(sim):
        pass


async def test_events_can_be_suppressed_doubled_and_swapped(sim: Simulator, blink: Asker) -> None:
    def paid() -> str:
        invoice = blink.create()
        blink.control.pay(invoice["paymentRequest"])
        return str(invoice["paymentHash"])

    async with listening(sim) as socket:
        blink.control.set_event_faults(suppress=1)
        paid()
        blink.control.set_event_faults(duplicate=1)
        twice = paid()
        blink.control.set_event_faults(swap_next_two=True)
        first, second = paid(), paid()
        heard = [(await socket.update())["paymentHash"] for _ in range(4)]
        assert heard == [twice, twice, second, first]


async def test_created_at_can_come_as_an_object(sim: Simulator, blink: Asker) -> None:
    blink.control.set_event_faults(created_at_as_object=True)
    async with listening(sim) as socket:
        blink.control.pay(blink.create()["paymentRequest"])
        assert (await socket.update())["transaction"]["createdAt"] == {}


async def test_raw_frames_can_be_sent(sim: Simulator, blink: Asker) -> None:
    async with listening(sim) as socket:
        for text in ('{"type": "nex', "[1, 2]", '{"type": "next", "id": "1", "payload": 7}'):
            assert blink.control.say(text) == 1
            assert await socket.connection.recv() == text


@pytest.mark.parametrize("kind", ["complete", "error"])
async def test_a_subscription_can_end(sim: Simulator, blink: Asker, kind: str) -> None:
    async with listening(sim) as socket:
        assert blink.control.end_subscriptions(kind) == 1
        message = await socket.receive()
        assert (message["id"], message["type"]) == ("1", kind)
        assert await asyncio.to_thread(blink.control.wait_for_subscribers, 0)
        await socket.subscribe(UPDATES)
        assert (await socket.update())["__typename"] == "RealtimePrice"


def test_the_control_side_refuses_what_it_does_not_know(blink: Asker) -> None:
    for command, arguments in (
        ("nonsense", {}),
        ("pay", {}),
        ("pay", {"payment_request": "x"}),
        ("lay_fault", {"kind": "nonsense"}),
        ("lay_fault", {"kind": "hang", "times": 0}),
        ("lay_fault", {"kind": "hang", "nonsense": 1}),
        ("settings", {"nonsense": 1}),
        ("fund", {"username": "nobody", "amount": 1}),
        ("fund", {"username": "dana", "amount": 1}),
        ("resolve", {"payment_hash": "x", "paid": True}),
        ("end_subscriptions", {"message_type": "nonsense"}),
        ("new_sockets", {"behaviour": "nonsense"}),
    ):
        with pytest.raises(ControlError):
            blink.control.call(command, **arguments)
    assert not blink.control.wait_for_requests("nothing", seconds=0.01)
    assert json.dumps(blink.control.settings())
