"""A sale that was on the screen when the till stopped: offered again, announced, or forgotten."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from blinkpos_desktop.domain.facts import (
    InvoiceReady,
    PaymentClosed,
    PaymentCompleted,
    PaymentPaid,
    SaleLeftOpen,
)
from blinkpos_desktop.domain.left_open import OpenSale
from blinkpos_desktop.domain.payment import RECEIVED, Payment, PaymentState
from blinkpos_desktop.domain.transfer import Role, TransferState
from blinkpos_desktop.services.open_sales import NAME, OpenSalesFile
from blinkpos_desktop.settings import Settings
from blinkpos_desktop.simulator.server import Simulator
from tests.conftest import SettingsMaker
from tests.integration.running import LIMIT, Till, aside, opened, running

pytestmark = pytest.mark.usefixtures("hasty")
HASH = "ab" * 32


async def _sell_and_quit(settings: Settings, simulator: Simulator) -> Payment:
    """Quit with the code on the screen; its recipients' invoices are not made yet."""
    async with opened(settings, simulator) as till:
        till.engine.watch()
        return await till.charge()


async def _left_open(till: Till, payment: Payment) -> Payment:
    told = await till.facts.wait_for(SaleLeftOpen, lambda fact: fact.payment.id == payment.id)
    return told.payment


async def _until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not so():  # noqa: ASYNC110 (a file and a task's end tell nobody)
            await asyncio.sleep(0.01)


async def _decided(till: Till) -> None:
    """Wait until everything that was left is looked up."""
    await _until(lambda: "left-open" not in till.engine.supervisor.names)


async def _forgotten(settings: Settings) -> None:
    await _until(lambda: not (settings.data_dir / NAME).exists())


async def test_a_sale_is_taken_up_again_by_its_own_till_and_paid(
    make_settings: SettingsMaker, simulator: Simulator, tmp_path: Path
) -> None:
    settings = make_settings()
    payment = await _sell_and_quit(settings, simulator)
    file = settings.data_dir / NAME
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text()) == [
        {"payment_id": payment.id, "payment_hash": payment.payment_hash}
    ]
    other_folder = make_settings(data_dir=tmp_path / "another till's")
    async with (
        running(settings, simulator) as till,
        # On the same folder a second one must not be offered what the first may be showing.
        running(settings, simulator) as second,
        running(other_folder, simulator) as other,
    ):
        offered = await _left_open(till, payment)
        assert offered.state is PaymentState.AWAITING
        for each in (second, other):
            await _decided(each)
            assert not each.facts.told(SaleLeftOpen)
        assert (await till.part(payment, Role.TIP)).state is TransferState.PLANNED
        # The offer stops nobody from selling something else.
        between = await till.charge(50)
        await till.customer_pays(between)
        await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == between.id)
        assert file.exists()

        await till.engine.left_open.take_up(payment.id)
        ready = till.facts.told(InvoiceReady)[-1]
        assert ready.payment.payment_hash == payment.payment_hash
        await _until(lambda: f"prepare-{payment.id}" not in till.engine.supervisor.names)
        assert (await till.part(payment, Role.TIP)).state is TransferState.PREPARED
        assert payment.id in till.engine._recovery._own
        await till.customer_pays(payment)
        await till.facts.wait_for(PaymentCompleted, lambda f: f.payment.id == payment.id)
        await _forgotten(settings)
    balances = simulator.control.balances()
    assert (balances["cafe"]["BTC"], balances["elturco"]["BTC"]) == (21 + 50, 2 + 5)
    simulator.control.verify()


async def test_what_was_paid_while_the_till_was_off_is_announced(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    settings = make_settings()
    payment = await _sell_and_quit(settings, simulator)
    assert payment.invoice is not None
    await aside(simulator.control.pay, payment.invoice.payment_request)
    async with running(settings, simulator) as till:
        assert (await _left_open(till, payment)).state in RECEIVED
        assert not till.facts.told(InvoiceReady)
        await till.facts.wait_for(PaymentCompleted)
        await _forgotten(settings)
        # Whoever had tapped a moment earlier hears the same, and no code is shown.
        await till.engine.left_open.take_up(payment.id)
        assert not till.facts.told(InvoiceReady)
        assert len(till.facts.told(PaymentPaid)) == 1


@pytest.mark.parametrize("how", ["expired", "cancelled"])
async def test_what_ended_while_the_till_was_off_is_forgotten(
    make_settings: SettingsMaker, simulator: Simulator, how: str
) -> None:
    settings = make_settings()
    payment = await _sell_and_quit(settings, simulator)
    if how == "expired":
        await aside(simulator.control.advance, 16 * 60)
    else:
        async with opened(settings, simulator) as other:
            await other.engine.closing.finish(
                await other.engine.closing.give_up(payment.id, reason=""),
                to=PaymentState.CANCELLED,
            )
    async with running(settings, simulator) as till:
        await _decided(till)
        await _forgotten(settings)
        assert not till.facts.told(SaleLeftOpen)
        assert (await till.now(payment)).state.value == how


async def test_an_offer_ends_with_its_sale_and_a_tap_too_late_shows_no_code(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    settings = make_settings()
    first = await _sell_and_quit(settings, simulator)
    async with running(settings, simulator) as till:
        await _left_open(till, first)
        second = await till.charge(50)
    async with running(settings, simulator) as till:
        # Nobody had taken the first one up: both are offered now.
        for each in (first, second):
            await _left_open(till, each)
        await till.engine.cancel(first.id)
        closed = await till.facts.wait_for(PaymentClosed)
        assert closed.payment.id == first.id
        await till.engine.left_open.take_up(first.id)
        assert not till.facts.told(InvoiceReady)
        assert len(till.facts.told(PaymentClosed)) == 2
        await aside(simulator.control.advance, 16 * 60)
        ended = await till.facts.wait_for(PaymentClosed, lambda f: f.payment.id == second.id)
        assert ended.payment.state is PaymentState.EXPIRED
        await _forgotten(settings)


async def test_without_blinks_word_our_clock_decides_and_it_is_shown_all_the_same(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    settings = make_settings()
    payment = await _sell_and_quit(settings, simulator)
    async with running(settings, simulator) as till:
        await _left_open(till, payment)
        await aside(
            simulator.control.lay_fault,
            "drop_before",
            match="lnInvoicePaymentStatusByHash",
            times=None,
        )
        await till.engine.left_open.take_up(payment.id)
        assert [each.payment.id for each in till.ready()] == [payment.id]


async def test_a_hint_of_another_ledger_harms_no_sale_of_the_same_number(
    make_settings: SettingsMaker, simulator: Simulator
) -> None:
    settings = make_settings()
    async with opened(settings, simulator) as till:
        payment = await till.charge()
        hint = OpenSale(payment_id=payment.id, payment_hash=HASH)
        settings.data_dir.mkdir()
        (settings.data_dir / NAME).write_text(
            json.dumps([{"payment_id": hint.payment_id, "payment_hash": hint.payment_hash}])
        )
        till.engine.watch()
        await _decided(till)
        assert not till.facts.told(SaleLeftOpen)
    assert payment.payment_hash in (settings.data_dir / NAME).read_text()


def test_the_file_belongs_to_the_first_until_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "a new" / "folder"
    one, other = OpenSalesFile(folder), OpenSalesFile(folder)
    sale = OpenSale(payment_id=7, payment_hash=HASH)
    assert one.load() == ()
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "open-sales.new").write_text("half writ")
    one.save([sale])
    assert other.load() == ()
    other.save([])
    assert (folder / NAME).exists()
    one.close()
    assert other.load() == (sale,)
    other.save([])
    assert not (folder / NAME).exists()
    other.save([])
    other.close()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "null",
        "7",
        "[7]",
        '{"a": 1}',
        '[{"payment_id": 7}]',
        f'[{{"payment_id": true, "payment_hash": "{HASH}"}}]',
        '[{"payment_id": 7, "payment_hash": "../../etc"}]',
        '[{"payment_id": 7, "payment_hash": 8}]',
        "[" * 100_000,
        "\ufeff[]",
        "9" * 5000,
    ],
    ids=lambda content: content[:20],
)
def test_what_is_no_hint_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    file = OpenSalesFile(tmp_path)
    assert file.load() == ()
    file.save([OpenSale(payment_id=7, payment_hash=HASH)])
    assert HASH in (tmp_path / NAME).read_text()
    file.close()


def test_a_folder_that_cannot_be_used_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file = OpenSalesFile(tmp_path / "file")
    assert file.load() == ()
    file.save([OpenSale(payment_id=7, payment_hash=HASH)])
    file.close()
