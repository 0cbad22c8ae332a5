"""Addresses: what one is, and what may be shown of it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

_HARMLESS: Final = frozenset(
    {"host", "port", "dbname", "db", "user", "sslmode", "connect_timeout", "application_name"}
    | {"sslrootcert", "target_session_attrs", "ssl_ca_certs", "ssl_check_hostname"}
)
"""What a URL's query may show."""
_HOST: Final = r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:,@]*)(?::([0-9]{1,5}))?"
_HOSTS: Final = re.compile(rf"{_HOST}(?:,{_HOST})*")
"""One host, or those of servers that stand in for one another."""
LAST_PORT: Final = 65_535


def parts_of(url: str) -> SplitResult | None:
    """Return the parts of a URL, or ``None`` when it is none."""
    # urlsplit drops tabs and line ends without a word.
    if "://" not in url or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None  # an impossible address
    return parts if _are_hosts(parts.netloc.rpartition("@")[2]) else None


def redact_url(url: str) -> str:
    """Return ``url`` with its password, and any other secret it carries, as ``***``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "***"
    if "://" not in url or "@" in parts.path + parts.query + parts.fragment:
        # No URL, or a password with a "/", "?" or "#" in it: where it ends is a guess.
        return "***"
    _, at, hosts = parts.netloc.rpartition("@")
    if not _are_hosts(hosts):
        return "***"
    user = "***@" if at else ""
    query = "&".join(_redact_pair(pair) for pair in parts.query.split("&") if pair)
    # Not urlunsplit: it drops the slashes where there is no host.
    shown = f"{parts.scheme}://{user}{hosts}{parts.path}"
    return f"{shown}?{query}" if query else shown


def _redact_pair(pair: str) -> str:
    name, _, _ = pair.partition("=")
    return pair if name in _HARMLESS else f"{name}=***"


def _are_hosts(text: str) -> bool:
    """Whether these are hosts, each with a possible port or none."""
    if not _HOSTS.fullmatch(text):
        return False
    ports = re.findall(r":([0-9]+)(?:,|$)", text)
    return all(0 < int(port) <= LAST_PORT for port in ports)
