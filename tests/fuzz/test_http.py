"""The client against a server that answers nonsense: a typed error, or exactly what was said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.blink import RateLimitedError
from blinkpos_desktop.domain.errors import TillError
from blinkpos_desktop.services.blink.client import BlinkClient
from blinkpos_desktop.services.blink.transport import Transport
from tests.fuzz.answers import CASES, Case, Unreadable
from tests.fuzz.nonsense import dumped, garbled, spoiled
from tests.fuzz.profile import FUZZ

HEAD_LIMIT = 1 << 16


class Parrot:
    """A server on loopback that answers every request with the same bytes, and hangs up."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.says = b""
        self._runner = runner
        self._server = runner.run(asyncio.start_server(self._answer, "127.0.0.1", 0))
        port = self._server.sockets[0].getsockname()[1]
        # One client for all: what was nonsense must not spoil the next answer either.
        self._url = f"http://127.0.0.1:{port}/graphql"
        self._transport = runner.run(self._client())

    async def _client(self) -> Transport:
        return Transport(self._url, "blink_key")

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.splitlines()
                if line.lower().startswith(b"content-length:")
            )
            await reader.readexactly(length)
            writer.write(self.says)
            await writer.drain()
        with suppress(OSError):
            writer.close()
            await writer.wait_closed()

    def asked(self, case: Case) -> object:
        """Return what the client makes of it: a value, or the error."""
        return self._runner.run(self._ask(case))

    async def _ask(self, case: Case) -> object:
        try:
            async with asyncio.timeout(20):
                return await case.call(BlinkClient(self._transport))
        except RateLimitedError as error:
            # That closes its gate, and nothing would be asked for a while.
            await self._transport.close()
            self._transport = await self._client()
            return error
        except TillError as error:
            return error

    def close(self) -> None:
        """Stop."""
        self._runner.run(self._transport.close())
        self._server.close()


@pytest.fixture(scope="module")
def parrot() -> Iterator[Parrot]:
    with asyncio.Runner() as runner:
        parrot = Parrot(runner)
        yield parrot
        parrot.close()


def response(
    body: bytes, headers: dict[str, str] | None = None, status: bytes = b"200 OK"
) -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), b"Connection: close"]
    lines += [
        f"{name}: {value}".encode("latin-1", "replace") for name, value in (headers or {}).items()
    ]
    return b"\r\n".join([*lines, b"", body])


def plain(error: TillError) -> None:
    """An error has a sentence for a person, and is one of ours."""
    assert error.sentence[0].isupper()
    assert error.sentence.endswith(".")
    assert "\n" not in error.sentence


@pytest.mark.parametrize("name", CASES)
def test_a_good_answer_is_read(parrot: Parrot, name: str) -> None:
    case = CASES[name]
    parrot.says = response(dumped(case.good))
    found = parrot.asked(case)
    assert not isinstance(found, TillError), found
    assert case.same(found, case.read(case.good))


@pytest.mark.parametrize("name", CASES)
def test_json_with_something_wrong_in_it(parrot: Parrot, name: str) -> None:
    case = CASES[name]

    @FUZZ
    @given(spoiled(case.good))
    def spoil(answer: Any) -> None:  # noqa: ANN401 (JSON)
        body = dumped(answer)
        parrot.says = response(body)
        found = parrot.asked(case)
        if isinstance(found, TillError):
            plain(found)
            return
        try:
            said = case.read(json.loads(body))
        except Unreadable:
            if found is False and name == "cancel_invoice":
                return  # no claim at all: a refusal proves nothing
            pytest.fail(f"{found!r} was made of it")
        assert case.same(found, said), f"{found!r} instead of {said!r}"

    spoil()


def test_bytes_that_are_hardly_json(parrot: Parrot) -> None:
    @FUZZ
    @given(st.data())
    def garble(data: st.DataObject) -> None:
        case = CASES[data.draw(st.sampled_from(sorted(CASES)))]
        body, headers = data.draw(garbled(case.good))
        parrot.says = response(body, headers)
        found = parrot.asked(case)
        if isinstance(found, TillError):
            plain(found)
            return
        # The same JSON in another dress, or other text in a place that is not read.
        try:
            said = case.read(json.loads(body)) if "Content-Encoding" not in headers else None
        except (ValueError, RecursionError, Unreadable):
            said = case.read(case.good)
        assert case.same(found, case.read(case.good) if said is None else said)

    garble()


_HEADERS = st.dictionaries(
    st.sampled_from(
        ["Location", "Set-Cookie", "Transfer-Encoding", "Content-Type", "Retry-After", "Upgrade"]
    ),
    st.one_of(
        st.sampled_from(
            [
                "chunked",
                "http://[",
                "//\x80",
                "a=b; domain=.",
                "c=\u00e9",
                "gzip",
                "-1",
                "",
                "9" * 400,
                "Fri, 31 Dec 9999 23:59:59 -99999999999999999999",
                "1 Jan 99999999999999 00:00:00 GMT",
                "Mon, 01 Jan 0001 00:00:00 +2359",
            ]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30),
    ),
    max_size=3,
)


@FUZZ
@given(
    st.data(),
    st.one_of(st.integers(100, 999), st.sampled_from([101, 204, 301, 302, 307, 401, 429, 500])),
    _HEADERS,
)
def test_wrong_statuses_and_headers(
    parrot: Parrot, data: st.DataObject, status: int, headers: dict[str, str]
) -> None:
    case = CASES[data.draw(st.sampled_from(sorted(CASES)))]
    body = dumped(case.good)
    parrot.says = response(body, headers, b"%d Odd" % status)
    found = parrot.asked(case)
    if isinstance(found, TillError):
        plain(found)
    else:
        assert status == 200, "only that is an answer"
        assert case.same(found, case.read(case.good))


@FUZZ
@given(
    st.data(),
    st.one_of(
        st.binary(max_size=300),
        st.sampled_from(
            [
                b"",
                b"HTTP/1.1",
                b"HTTP/1.1 200 OK\r\n\r\n",
                b"HTTP/9.9 200 OK\r\n\r\n{}",
                b"SSH-2.0-OpenSSH_9.2\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{",
                b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n{}",
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
                b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
                b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * HEAD_LIMIT * 4 + b"\r\n\r\n{}",
                b"\x16\x03\x01\x02\x00\x01",
            ]
        ),
    ),
)
def test_what_is_no_http(parrot: Parrot, data: st.DataObject, raw: bytes) -> None:
    case = CASES[data.draw(st.sampled_from(sorted(CASES)))]
    parrot.says = raw
    found = parrot.asked(case)
    assert isinstance(found, TillError)
    plain(found)
