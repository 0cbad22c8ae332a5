"""Faults over HTTP: rules that the control side lays, each for so many requests."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import count


class FaultKind(StrEnum):
    """What goes wrong."""

    HTTP_STATUS = "http_status"
    """Answers `status` before GraphQL, with `seconds` as Retry-After; nothing is done."""
    DELAY = "delay"
    """Answers after `seconds`; `late` does the work first and delays the answer only."""
    HANG = "hang"
    """Never answers; nothing is done."""
    HANG_AFTER = "hang_after"
    """Does the work and never answers."""
    LOST_ANSWER = "lost_answer"
    """Does the work and closes the connection without an answer."""
    DROP_BEFORE = "drop_before"
    """Closes the connection; nothing is done."""
    PAYLOAD_ERROR = "payload_error"
    """The payload's `errors` say `code` and `message`; nothing is done unless `processed`."""
    GRAPHQL_ERROR = "graphql_error"
    """GraphQL's `errors` say `message`; nothing is done unless `processed`."""
    NULL_PAYLOAD = "null_payload"
    """`data` is null without any error; nothing is done unless `processed`."""
    SEND_STATUS = "send_status"
    """A send answers `status`: PENDING stays in flight, FAILURE is said of a paid one."""
    MALFORMED = "malformed"
    """Does the work; the answer's `body` is garbage, truncated, array, html, empty or deep."""
    WRONG_INVOICE = "wrong_invoice"
    """Creates the invoice; its text has another `field`: amount, hash, network, expiry, memo."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule. `match` is an operation's name, a root field's name or `*`."""

    kind: FaultKind
    match: str = "*"
    times: int | None = 1
    """For how many requests; None for ever, until it is cleared."""
    skip: int = 0
    """How many matching requests pass unharmed first."""
    status: int | str = 500
    seconds: float = 0.0
    late: bool = False
    code: str | None = None
    message: str = "Simulated fault"
    processed: bool = False
    body: str = "garbage"
    field: str = "amount"
    number: int = 0
    """Its own number, given when it is laid."""
    hits: int = 0
    """How many requests it has met."""

    def __post_init__(self) -> None:
        """Names come over the wire as text."""
        self.kind = FaultKind(self.kind)


@dataclass(slots=True)
class Faults:
    """The rules in the order they were laid; the first that matches is taken."""

    _rules: list[Fault] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def lay(self, fault: Fault) -> Fault:
        """Add a rule."""
        fault.number = next(self._numbers)
        self._rules.append(fault)
        return fault

    def clear(self) -> None:
        """Take all rules away."""
        self._rules.clear()

    def take(self, names: set[str]) -> Fault | None:
        """The fault for a request of those operation and field names, if any."""
        for fault in self._rules:
            if fault.times == 0 or (fault.match != "*" and fault.match not in names):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
            fault.hits += 1
            return fault
        return None

    def all(self) -> list[dict[str, object]]:
        """Every rule with its hits."""
        return [asdict(fault) for fault in self._rules]
