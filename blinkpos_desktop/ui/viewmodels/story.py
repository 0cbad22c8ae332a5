"""A sale's story in plain words: what it was, where the money went, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, tzinfo

from PySide6.QtCore import QCoreApplication

from blinkpos_desktop.domain.history import PastSale
from blinkpos_desktop.domain.payment import Payment
from blinkpos_desktop.domain.story import Story, StoryEvent
from blinkpos_desktop.domain.transfer import Transfer, TransferState
from blinkpos_desktop.ui.viewmodels.sale_words import state_words
from blinkpos_desktop.ui.viewmodels.times import clock_text, day_text, local, seconds_text
from blinkpos_desktop.ui.viewmodels.words import Tone, money_text, sats_text, transfer_line


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryStep:
    """Something that happened."""

    day: str
    """Empty when it is the day of the step before."""
    clock: str
    words: str
    detail: str = ""
    """Why, what went wrong, and who chose it."""
    tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """All that is shown of a sale."""

    facts: tuple[tuple[str, str], ...]
    """What and its value, in pairs."""
    parts: tuple[tuple[str, Tone], ...]
    """Where each part of the money is."""
    steps: tuple[StoryStep, ...]
    payment_hash: str
    state: str = ""
    tone: Tone = Tone.QUIET


def story_view(
    story: Story, sale: PastSale | None, *, today: date, zone: tzinfo | None
) -> StoryView:
    """Return a story in words, by the shop's clock; the note is known from the sale."""
    payment = story.payment
    is_stuck = any(each.state is TransferState.ATTENTION for each in payment.transfers)
    state, tone = state_words(payment.state, is_late=payment.was_closed, is_stuck=is_stuck)
    return StoryView(
        facts=tuple(_facts(payment, sale.note if sale else "", today, zone)),
        parts=tuple(transfer_line(each) for each in payment.transfers if payment.paid_at),
        steps=_steps(story, today, zone),
        payment_hash=payment.payment_hash,
        state=state,
        tone=tone,
    )


def _facts(payment: Payment, note: str, today: date, zone: tzinfo | None) -> list[tuple[str, str]]:
    translate = QCoreApplication.translate
    made = local(payment.created_at, zone)
    text = translate("Story", "{day}, {clock} at {till}")
    facts = [
        (
            translate("Story", "When"),
            text.format(
                day=day_text(made.date(), today), clock=clock_text(made), till=payment.till
            ),
        )
    ]
    if payment.tip_sats:
        tip = money_text(payment.tip)
        if not payment.tip.currency.is_sats:
            tip = f"{tip} = {sats_text(payment.tip_sats)}"
        facts.append((translate("Story", "Tip"), tip))
    if payment.received_sats is not None and payment.received_sats != payment.total_sats:
        facts.append((translate("Story", "Received"), sats_text(payment.received_sats)))
    if note:
        facts.append((translate("Story", "Note"), note))
    return facts


def _steps(story: Story, today: date, zone: tzinfo | None) -> tuple[StoryStep, ...]:
    by_id = {each.id: each for each in story.payment.transfers}
    found: list[StoryStep] = []
    before = ""
    for event in story.events:
        at = local(event.at, zone)
        day = day_text(at.date(), today)
        words, tone = _words(event, by_id.get(event.transfer_id or 0))
        step = StoryStep(
            day="" if day == before else day,
            clock=seconds_text(at),
            words=words,
            detail=_detail(event, story.payment.till),
            tone=tone,
        )
        found.append(step)
        before = day
    return tuple(found)


def _detail(event: StoryEvent, till: str) -> str:
    parts = [event.reason, event.error]
    if event.who:
        text = QCoreApplication.translate("Story", "chosen by {who} at {till}")
        parts.append(text.format(who=event.who, till=event.till))
    elif event.till != till:
        parts.append(event.till)
    return " · ".join(part for part in parts if part)


def _words(event: StoryEvent, transfer: Transfer | None) -> tuple[str, Tone]:
    if transfer is None:
        table = _payment_words()
        return table.get(event.event, (_bare(event.event), Tone.QUIET))
    text, tone = _transfer_words().get(event.event, ("", Tone.QUIET))
    if not text:
        text = f"{{name}}: {_bare(event.event)}"
    name = transfer.recipient or QCoreApplication.translate("Story", "the collecting wallet")
    return text.format(sats=sats_text(transfer.sats), name=name), tone


def _bare(event: str) -> str:
    """Return an event's own name where nobody has found better words for it."""
    return event.replace("_", " ")


def _payment_words() -> dict[str, tuple[str, Tone]]:
    translate = QCoreApplication.translate
    return {
        "intended": (translate("Story", "Sale begun"), Tone.QUIET),
        "invoice_attached": (translate("Story", "Invoice shown"), Tone.QUIET),
        "paid": (translate("Story", "Customer paid"), Tone.GOOD),
        "completed": (translate("Story", "All passed on"), Tone.GOOD),
        "cancelling": (translate("Story", "Cancelled at the counter"), Tone.QUIET),
        "cancelled": (translate("Story", "Cancelled at Blink"), Tone.QUIET),
        "expired": (translate("Story", "Time was over, not paid"), Tone.QUIET),
        "failed": (translate("Story", "No invoice could be had"), Tone.ALERT),
        "seen": (translate("Story", "Seen by a person"), Tone.QUIET),
    }


def _transfer_words() -> dict[str, tuple[str, Tone]]:
    translate = QCoreApplication.translate
    quiet, busy, good, alert = Tone.QUIET, Tone.BUSY, Tone.GOOD, Tone.ALERT
    return {
        "planned": (translate("Story", "{sats} meant for {name}"), quiet),
        "kept": (translate("Story", "{sats} kept"), quiet),
        "invoice_stored": (translate("Story", "{name} can be paid"), quiet),
        "invoice_refused": (translate("Story", "{name} can't be paid now"), alert),
        "send_started": (translate("Story", "{sats} sent to {name}"), busy),
        "send_succeeded": (translate("Story", "{sats} reached {name}"), good),
        "send_pending": (translate("Story", "On its way to {name}"), busy),
        "send_failed": (translate("Story", "Didn't reach {name}"), alert),
        "send_lost": (translate("Story", "No answer whether it reached {name}"), alert),
        "status_paid": (translate("Story", "{sats} have reached {name}, Blink says"), good),
        "status_unpaid": (translate("Story", "Has not reached {name}, Blink says"), quiet),
        "gave_up": (translate("Story", "{name}: a person must choose"), alert),
        "set_aside": (translate("Story", "{name}: set aside for a person"), alert),
        "retry_chosen": (translate("Story", "{name}: tried again"), quiet),
        "send_chosen": (translate("Story", "Goes to {name} instead"), quiet),
        "keep_chosen": (translate("Story", "{sats} kept here"), quiet),
        "invoice_retired": (translate("Story", "Invoice given up"), quiet),
        "joined": (translate("Story", "Goes with {name}'s next payment"), quiet),
        "carrier_settled": (translate("Story", "{sats} reached {name}"), good),
        "carrier_gone": (translate("Story", "{name}: on its own again"), quiet),
        "found_sent": (translate("Story", "{sats} had reached {name} already"), good),
        "finding_seen": (translate("Story", "Seen by a person"), quiet),
        "chosen_send": (translate("Story", "To be sent to another"), quiet),
        "chosen_keep": (translate("Story", "To be kept here"), quiet),
        "choice_dropped": (translate("Story", "The choice could not be carried out"), alert),
        "retired_invoice_paid": (translate("Story", "A given-up invoice was paid"), alert),
    }
