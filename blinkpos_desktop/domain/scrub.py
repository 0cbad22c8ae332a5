"""Takes keys out of what somebody else's program wrote down, by their names and by their looks.

Rather one harmless value too few than one key too many: what is left out is
only counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

REMOVED: Final = "[a key was removed]"
MAX_DEPTH: Final = 40

Json = None | bool | int | float | Decimal | str | list["Json"] | dict[str, "Json"]

# By what it is called: "userApiKey", "user_api_key_encrypted", "x-api-key", "AUTH", "seedPhrase".
_SECRET_NAME: Final = re.compile(
    r"key|token|secret|passw|passphrase|credential|authoriz|authent|bearer|cookie|session|"
    r"mnemonic|seed|macaroon|nsec|xprv|signature|(^|_)(auth|jwt|pin|pwd|otp)(_|$)",
    re.IGNORECASE,
)
# Keys of Blink and its kin, JSON web tokens, and what an authorization header says.
_KEY_IN_TEXT: Final = re.compile(
    r"(?:blink|galoy)_[A-Za-z0-9_\-]{6,}|(?<![A-Za-z0-9])[spr]k_[A-Za-z0-9_\-]{6,}|"
    r"eyJ[A-Za-z0-9_\-]{10,}(?:\.[A-Za-z0-9_\-]*){1,2}|"
    r"(?:bearer|basic)\s+(?=\S*[0-9])[A-Za-z0-9._~+/=\-]{8,}|"
    r"(?:nsec|[xyzt]prv)[a-z0-9]{20,}",
    re.IGNORECASE,
)
# A long word of letters and digits that nobody would say aloud.
_LONG_WORD: Final = re.compile(r"[A-Za-z0-9_+/=\-]{20,}")
_HARMLESS: Final = re.compile(
    # Invoices, payment hashes, the ids of wallets and accounts, hours and numbers.
    r"ln(?:bcrt|bc|tbs|tb)[0-9a-z]+|[0-9a-f]{64}|"
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|"
    r"[0-9][0-9\-]*(?:t[0-9]+)?|[a-z_\-]+",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Scrubbed:
    """What was left out so far: only how much."""

    count: int = field(default=0)


def storable(text: str) -> str:
    """Return a text that PostgreSQL takes: it knows no NUL and no half of a surrogate pair."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def scrub_name(text: str, left_out: Scrubbed) -> str:
    """Return what names somebody or something, without what has the form of a known key."""
    cleaned, found = _KEY_IN_TEXT.subn(REMOVED, storable(text))
    left_out.count += found
    return cleaned


def scrub_text(text: str, left_out: Scrubbed) -> str:
    """Return a text without what looks like a key in it."""
    cleaned = scrub_name(text, left_out)
    words = 0

    def judge(match: re.Match[str]) -> str:
        nonlocal words
        if _HARMLESS.fullmatch(match[0]) or not _is_mixed(match[0]):
            return match[0]
        words += 1
        return REMOVED

    cleaned = _LONG_WORD.sub(judge, cleaned)
    left_out.count += words
    return cleaned


def scrub(value: Json, left_out: Scrubbed, depth: int = 0) -> Json:
    """Return a value of JSON without keys: neither by their names nor by their looks.

    What is nested too deeply to be anybody's is left out as a whole.
    """
    if depth > MAX_DEPTH:
        left_out.count += 1
        return None
    if isinstance(value, str):
        return _scrub_string(value, left_out, depth)
    if isinstance(value, Mapping):
        kept: dict[str, Json] = {}
        for name, each in value.items():
            if has_secret_name(name) or _looks_like_key(name):
                left_out.count += 1
            else:
                kept[storable(name)] = scrub(each, left_out, depth + 1)
        return kept
    if isinstance(value, Sequence):
        return [scrub(each, left_out, depth + 1) for each in value]
    return value


def has_secret_name(name: str) -> bool:
    """Whether a field of that name may hold a secret."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[\s.\-]+", "_", name)
    return _SECRET_NAME.search(snake) is not None


def _looks_like_key(text: str) -> bool:
    left_out = Scrubbed()
    scrub_text(text, left_out)
    return left_out.count > 0


def _scrub_string(text: str, left_out: Scrubbed, depth: int) -> Json:
    # JSON within a string, as programs that encode twice leave it.
    if text.lstrip()[:1] in {"{", "[", '"'}:
        try:
            inner: Json = json.loads(text, parse_float=Decimal, parse_constant=str)
        except (ValueError, RecursionError):
            pass
        else:
            return scrub(inner, left_out, depth + 1)
    return scrub_text(text, left_out)


def _is_mixed(word: str) -> bool:
    return any(char.isdigit() for char in word) and any(char.isalpha() for char in word)
