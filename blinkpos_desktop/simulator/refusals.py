"""Blink's errors: those that travel in a payload and those above it."""


class Refusal(Exception):  # noqa: N818 - Blink refuses; it isn't in error
    """A payload error: `errors: [{message code path}]` with HTTP 200.

    `code` is None for bad input that the server's scalars have found.
    """

    def __init__(self, code: str | None, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TopLevelRefusal(Exception):  # noqa: N818 - as above
    """A GraphQL error beside `data`, without a code."""


class NotAuthorizedRefusal(TopLevelRefusal):
    """No key, or a key without the scope."""

    def __init__(self) -> None:
        super().__init__("Not authorized")


def invalid_input(message: str) -> Refusal:
    """Bad input that Blink's own rules have found."""
    return Refusal("INVALID_INPUT", message)


def lightning_error(message: str) -> Refusal:
    """A payment that Lightning's side refuses."""
    return Refusal("LIGHTNING_PAYMENT_ERROR", message)


def receive_disabled() -> Refusal:
    """The account is being wound down."""
    return Refusal("RECEIVE_DISABLED", "This account can no longer receive payments")
