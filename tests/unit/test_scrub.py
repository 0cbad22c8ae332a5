"""No key survives an import, wherever it hides; what a shop wants to read does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.scrub import Scrubbed, has_secret_name, scrub, scrub_name, scrub_text

KEY = "blink_Zx8kQ0aB3dE5fG7hJ9kL2mN4pQ6rS8tU0vW1xY3z"
WORDS = st.text(max_size=12)


def _nested(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    around = st.dictionaries(WORDS, st.none() | st.integers() | WORDS, max_size=2)
    return st.recursive(
        leaf,
        lambda inner: (
            st.tuples(inner, st.integers()).map(list)
            | st.tuples(around, WORDS, inner).map(lambda t: t[0] | {t[1]: t[2]})
            | inner.map(json.dumps)
        ),
        max_leaves=6,
    )


@given(
    _nested(
        st.sampled_from([KEY, f"Bearer {KEY}", f"x{KEY}", {KEY: 1}])
        | st.tuples(WORDS, WORDS).map(lambda t: f"{t[0]}{KEY}{t[1]}")
    )
)
def test_a_key_that_looks_like_one_is_gone(value: Any) -> None:  # noqa: ANN401 (JSON)
    left_out = Scrubbed()
    assert KEY not in json.dumps(scrub(value, left_out), default=str)
    assert left_out.count


@pytest.mark.parametrize(
    "name",
    [
        "userApiKey",
        "user_api_key_encrypted",
        "API-KEY",
        "apikey",
        "authToken",
        "AUTH",
        "auth",
        "x-auth",
        "secret",
        "password",
        "passwd",
        "pwd",
        "pin",
        "sessionCookie",
        "seedPhrase",
        "mnemonic",
        "macaroon",
    ],
)
def test_a_name_that_says_so_is_believed(name: str) -> None:
    left_out = Scrubbed()
    kept = scrub({name: "abc", "deep": [{name: {"also": 1}}], "memo": "tea"}, left_out)
    assert kept == {"deep": [{}], "memo": "tea"}
    assert left_out.count == 2


@pytest.mark.parametrize(
    "name",
    [
        "memo",
        "tipAmount",
        "created_at",
        "payment_hash",
        "recipient",
        "author",
        "shipping",
        "display",
    ],
)
def test_other_names_are_kept(name: str) -> None:
    assert not has_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "$0.80 + 10% tip = $0.88 (757 sats)",
        "basic sandwich, task_force 7",
        "lnbc210n1p5qyjgspp5q0pzz8m4k6w2w7l3v9c0d6r3e2s7h6x5y4z3w2v1u0t9s8r7q6",
        "a" * 64,
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "2026-08-01T12:00:00.000Z",
        "Donaudampfschifffahrtsgesellschaft",
    ],
)
def test_what_a_shop_reads_is_kept(text: str) -> None:
    assert scrub_text(text, Scrubbed()) == text


def test_a_long_username_is_no_key_but_a_key_is_no_username() -> None:
    assert (
        scrub_name("the_waiter_of_table_number_21", Scrubbed()) == "the_waiter_of_table_number_21"
    )
    assert KEY not in scrub_name(KEY, Scrubbed())


def test_what_is_nested_beyond_reason_is_left_out() -> None:
    value: Any = KEY
    for _ in range(200):
        value = [value]
    left_out = Scrubbed()
    assert KEY not in str(scrub(value, left_out))
    assert left_out.count == 1
