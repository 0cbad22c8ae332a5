"""A bare client of the simulated Blink: what it sends is written out in each test."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from blinkpos_desktop.simulator.server import Simulator

Json = dict[str, Any]
KEY = "blink_sim_till"
INVOICE = (
    "errors { code message path } invoice"
    " { paymentHash paymentRequest satoshis externalId createdAt paymentStatus }"
)
SENT = (
    "errors { code message path } status transaction { id settlementAmount externalId memo status }"
)
UPDATES = """subscription Updates { myUpdates { errors { message } update { __typename
  ... on LnUpdate { paymentHash status walletId transaction { createdAt memo externalId
    settlementAmount initiationVia { __typename } settlementVia { __typename } } }
  ... on IntraLedgerUpdate { txNotificationType transaction { settlementAmount } }
  ... on RealtimePrice { btcSatPrice { base offset } } } } }"""
STATUS = """subscription Status($hash: PaymentHash!) {
  lnInvoicePaymentStatusByHash(input: {paymentHash: $hash}) { errors { message } status } }"""


class Asker:
    """Asks over HTTP."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.control = sim.control
        self.http = httpx.Client(trust_env=False, timeout=10)
        self.wallets = {name: a["wallets"] for name, a in sim.control.accounts().items()}

    def post(
        self, query: str, key: str | None = KEY, headers: Json | None = None, **variables: object
    ) -> httpx.Response:
        sent = dict(headers or {})
        if key is not None:
            sent["X-API-KEY"] = key
        return self.http.post(
            self.sim.api_url, json={"query": query, "variables": variables}, headers=sent
        )

    def ask(self, query: str, key: str | None = KEY, **variables: object) -> Json:
        """The whole body of an answer with HTTP 200."""
        answer = self.post(query, key, None, **variables)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    def mutate(self, field: str, fields: str, key: str | None = KEY, **asked: object) -> Json:
        """The payload of a mutation."""
        kind = {
            "lnInvoicePaymentSend": "LnInvoicePaymentInput",
            "lnInvoiceCancel": "LnInvoiceCancelInput",
        }.get(field, field[0].upper() + field[1:] + "Input")
        body = self.ask(
            f"mutation M($input: {kind}!) {{ {field}(input: $input) {{ {fields} }} }}",
            key,
            input=asked,
        )
        assert "errors" not in body, body
        payload: Json = body["data"][field]
        return payload

    def create(self, amount: object = 23, key: str | None = KEY, **asked: object) -> Json:
        """An invoice of the till's BTC wallet."""
        asked = {"walletId": self.wallets["till"]["BTC"], "amount": amount, **asked}
        payload = self.mutate("lnInvoiceCreate", INVOICE, key, **asked)
        assert payload["errors"] == [], payload
        invoice: Json = payload["invoice"]
        return invoice

    def create_for(self, username: str, amount: int, **asked: object) -> Json:
        """An invoice of somebody else's BTC wallet, without a key."""
        asked = {"recipientWalletId": self.wallets[username]["BTC"], "amount": amount, **asked}
        payload = self.mutate("lnInvoiceCreateOnBehalfOfRecipient", INVOICE, None, **asked)
        assert payload["errors"] == [], payload
        invoice: Json = payload["invoice"]
        return invoice

    def refused(self, field: str, key: str | None = KEY, **asked: object) -> tuple[object, str]:
        """Code and message of the payload's error."""
        payload = self.mutate(field, "errors { code message }", key, **asked)
        (error,) = payload["errors"]
        return error["code"], error["message"]

    def pay(
        self, payment_request: str, key: str = KEY, username: str = "till", **asked: object
    ) -> Json:
        """Pay out of a BTC wallet."""
        wallet = self.wallets[username]["BTC"]
        return self.mutate(
            "lnInvoicePaymentSend",
            SENT,
            key,
            walletId=wallet,
            paymentRequest=payment_request,
            **asked,
        )

    def status(self, payment_hash: str) -> str:
        """What the status query says."""
        body = self.ask(
            "query S($h: PaymentHash!)"
            " { lnInvoicePaymentStatusByHash(input: {paymentHash: $h}) { status } }",
            None,
            h=payment_hash,
        )
        return str(body["data"]["lnInvoicePaymentStatusByHash"]["status"])


class Socket:
    """A `graphql-transport-ws` client that hides nothing."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: object) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> Json:
        message: Json = json.loads(await self.connection.recv())
        return message

    async def subscribe(self, query: str, name: str = "1", **variables: object) -> None:
        await self.send(id=name, type="subscribe", payload={"query": query, "variables": variables})

    async def update(self) -> Json:
        """The next event's update of `myUpdates`."""
        message = await self.receive()
        assert message["type"] == "next", message
        update: Json = message["payload"]["data"]["myUpdates"]["update"]
        return update

    async def status(self) -> str:
        """The next event's status."""
        message = await self.receive()
        return str(message["payload"]["data"]["lnInvoicePaymentStatusByHash"]["status"])


@asynccontextmanager
async def open_socket(sim: Simulator, key: str | None = KEY) -> AsyncIterator[Socket]:
    """A socket whose `connection_init` has been acknowledged."""
    async with connect(sim.ws_url, subprotocols=["graphql-transport-ws"], proxy=None) as connection:  # type: ignore[list-item]
        socket = Socket(connection)
        payload = {} if key is None else {"X-API-KEY": key}
        await socket.send(type="connection_init", payload=payload)
        assert await socket.receive() == {"type": "connection_ack"}
        yield socket


@asynccontextmanager
async def listening(sim: Simulator, key: str = KEY) -> AsyncIterator[Socket]:
    """A socket that listens to `myUpdates`, past the prices that come first."""
    async with open_socket(sim, key) as socket:
        await socket.subscribe(UPDATES)
        assert (await socket.update())["__typename"] == "RealtimePrice"
        assert (await socket.update())["__typename"] == "Price"
        yield socket
