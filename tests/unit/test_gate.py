"""HTTP 429 on any request stops all of them; they go on in order of their urgency."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from blinkpos_desktop.domain.blink import RateLimitedError
from blinkpos_desktop.services.blink import gate as gates
from blinkpos_desktop.services.blink.gate import Gate, Urgency
from tests.simulation.calm import Calm

HALF = 0.5
"""Jitter in the middle: the first wait is 0.75 s."""


class Line:
    """A server that says 429 for so many requests, and what passed the gate when."""

    def __init__(self) -> None:
        self.gate = Gate(lambda: HALF)
        self.passed: list[tuple[float, str]] = []
        self.refuses = 0
        self.retry_after = 0.0
        self.seconds = 0.1

    async def ask(
        self, name: str, urgency: Urgency = Urgency.ORDINARY, patience: float = 60.0
    ) -> None:
        async with self.gate.passage(urgency, patience) as passage:
            self.passed.append((round(self.now(), 2), name))
            refused = self.refuses > 0
            self.refuses -= refused
            await asyncio.sleep(self.seconds)
            if refused:
                passage.refuse(self.retry_after)

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.passed]


def run(body: Callable[[Line], Awaitable[None]]) -> None:
    async def main() -> None:
        await body(Line())

    Calm().loop.run(main())


def test_one_refusal_stops_all_and_the_most_urgent_goes_on_first() -> None:
    async def body(line: Line) -> None:
        await line.ask("free")
        line.refuses = 1
        await line.ask("refused")
        order = [
            ("old question", Urgency.ORDINARY),
            ("a customer's invoice", Urgency.COUNTER),
            ("recipient's invoice", Urgency.ORDINARY),
            ("the question for the screen", Urgency.MONEY),
        ]
        tasks = [asyncio.ensure_future(line.ask(*each)) for each in order]
        payment = asyncio.ensure_future(line.gate.wait(Urgency.MONEY, 60.0))
        await asyncio.sleep(0.6)
        assert line.names == ["free", "refused"]
        assert not payment.done()
        await asyncio.gather(*tasks, payment)
        assert line.names[2:] == [
            "the question for the screen",
            "a customer's invoice",
            "old question",
            "recipient's invoice",
        ]
        # The first waits for the gate alone; the others for an answer, and then together.
        at = [moment for moment, _ in line.passed[2:]]
        assert at == [0.95, 1.05, 1.05, 1.05]

    run(body)


def test_it_is_closed_for_longer_each_time_until_there_was_peace() -> None:
    async def body(line: Line) -> None:
        waits = []
        for _ in range(9):
            line.refuses = 1
            await line.ask("refused")
            waits.append(round(line.gate.closed_seconds, 2))
            await asyncio.sleep(line.gate.closed_seconds)
        assert waits == [0.75, 1.5, 3.0, 6.0, 12.0, 24.0, 45.0, 45.0, 45.0]
        await line.ask("answered")
        await asyncio.sleep(gates.CALM_SECONDS)
        line.refuses = 1
        await line.ask("refused")
        assert round(line.gate.closed_seconds, 2) == 0.75

    run(body)


def test_what_was_under_way_together_counts_as_one_refusal() -> None:
    async def body(line: Line) -> None:
        line.refuses = 5
        await asyncio.gather(*(line.ask("together") for _ in range(5)))
        assert round(line.gate.closed_seconds, 2) == 0.75

    run(body)


@pytest.mark.parametrize(("asked", "closed"), [(30.0, 30.0), (10_000.0, 120.0), (0.1, 0.75)])
def test_retry_after_is_kept_within_a_limit(asked: float, closed: float) -> None:
    async def body(line: Line) -> None:
        line.refuses, line.retry_after = 1, asked
        await line.ask("refused")
        assert round(line.gate.closed_seconds, 2) == closed

    run(body)


def test_who_will_not_wait_so_long_is_told_so_and_nothing_leaves() -> None:
    async def body(line: Line) -> None:
        line.refuses, line.retry_after = 1, 30.0
        await line.ask("refused")
        with pytest.raises(RateLimitedError, match="slow down"):
            await line.ask("no patience", patience=5.0)
        # A payment whose intent is written does not wait at all.
        with pytest.raises(RateLimitedError):
            await line.ask("payment", Urgency.MONEY, patience=0.0)
        waits = asyncio.ensure_future(line.ask("patient", patience=40.0))
        await asyncio.sleep(29.0)
        assert line.names == ["refused"]
        await waits
        await line.ask("payment", Urgency.MONEY, patience=0.0)
        assert line.names == ["refused", "patient", "payment"]

    run(body)


def test_a_silent_probe_holds_nobody_up_for_long() -> None:
    async def body(line: Line) -> None:
        line.refuses = 1
        await line.ask("refused")
        line.seconds = 15.0
        began = line.now()
        await asyncio.gather(*(line.ask(f"{number}") for number in range(3)))
        moments = [round(at - began, 2) for at, _ in line.passed[1:]]
        assert moments == [0.75, 1.75, 2.75]

    run(body)


def test_closed_again_those_who_wait_go_on_waiting() -> None:
    async def body(line: Line) -> None:
        line.refuses = 1
        await line.ask("refused")
        line.refuses = 1
        tasks = [asyncio.ensure_future(line.ask(f"{number}")) for number in range(3)]
        gone = asyncio.ensure_future(line.ask("gone", Urgency.MONEY))
        await asyncio.sleep(0.1)
        gone.cancel()
        await asyncio.gather(*tasks)
        assert [at for at, _ in line.passed] == [0.0, 0.85, 2.45, 2.55]
        line.gate.shut_down()

    run(body)
