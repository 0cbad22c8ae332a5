"""Strategies for what no answer should be: JSON with something wrong in it, and no JSON at all."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any, Final

from hypothesis import strategies as st

_ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    23.0,
    23.5,
    1e308,
    float("inf"),
    float("nan"),
    10**30,
    -(10**30),
    "",
    "0",
    "23",
    "PAID",
    "SUCCESS",
    "BTC",
    "USD",
    "null",
    "None",
    "\x00",
    "\ud800",
    "💥" * 50,
    "'; DROP TABLE payments; --",
    [],
    [None],
    [[]],
    {},
    {"": {}},
    {"id": 7},
)
odd_values = st.one_of(
    st.sampled_from(_ODD),
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=8,
    ),
)


def places(value: object, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the ways to every part of a JSON value, the whole first."""
    found = [way]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*way, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*way, index))
    return found


def put(value: Any, way: tuple[Any, ...], new: object) -> Any:  # noqa: ANN401 (JSON)
    """Return a copy with another part at the end of a way."""
    if not way:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = put(copy[way[0]], way[1:], new)
    return copy


def taken(value: Any, way: tuple[Any, ...]) -> Any:  # noqa: ANN401 (JSON)
    """Return a copy without the part at the end of a way."""
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(way) == 1:
        del copy[way[0]]
    else:
        copy[way[0]] = taken(copy[way[0]], way[1:])
    return copy


@st.composite
def spoiled(draw: st.DrawFn, good: Any) -> Any:  # noqa: ANN401 (JSON)
    """A good JSON value with one to three things wrong, or none."""
    value = good
    for _ in range(draw(st.integers(0, 3))):
        way = draw(st.sampled_from(places(value)))
        if way and draw(st.booleans()):
            value = taken(value, way)
        else:
            value = put(value, way, draw(odd_values))
    return value


def dumped(value: object) -> bytes:
    """Return JSON with all that Python's can hold: lone surrogates, NaN, endless numbers."""
    return json.dumps(value).encode()


@st.composite
def garbled(draw: st.DrawFn, good: object) -> tuple[bytes, dict[str, str]]:
    """A good value in bytes that are cut, deep, huge, of another encoding, or no JSON at all.

    With the headers that tell or deny it.
    """
    text = dumped(good)
    kind = draw(st.sampled_from(["cut", "deep", "huge", "encoding", "packed", "bytes", "inner"]))
    headers: dict[str, str] = {}
    match kind:
        case "cut":
            body = text[: draw(st.integers(0, len(text) - 1))]
        case "deep":
            depth = draw(st.sampled_from([50, 1_000, 100_000]))
            body = draw(st.sampled_from([b"[", b'{"data":', b'[{"a":'])) * depth
        case "huge":
            body = text[:-1] + b" " * draw(st.sampled_from([1 << 16, 5 << 20])) + text[-1:]
        case "encoding":
            name = draw(st.sampled_from(["utf-16", "utf-32", "utf-16-le", "utf-8-sig", "cp037"]))
            body = json.dumps(good).encode(name)
            headers = {"Content-Type": f"application/json; charset={name}"}
        case "packed":
            way = draw(st.sampled_from(["gzip", "deflate", "br", "zstd", "identity", "nonsense"]))
            body = draw(st.sampled_from([gzip.compress(text), zlib.compress(text), text]))
            headers = {"Content-Encoding": way}
        case "bytes":
            body = draw(st.binary(max_size=200))
        case _:
            at = draw(st.integers(0, len(text)))
            body = text[:at] + draw(st.binary(min_size=1, max_size=8)) + text[at:]
    return body, headers
