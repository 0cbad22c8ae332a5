"""When the till says that it can't see payments: never before both ways failed for ten seconds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blinkpos_desktop.domain.sight import BLIND_AFTER, QUESTION_AGAIN, QUESTION_EVERY, Sight

START = 1000.0


def fine() -> Sight:
    """A till that has long been connected, and whose last question was answered."""
    return Sight.begin(START).connected().asked(START).answered(START)


def test_both_must_have_been_failing_for_ten_seconds() -> None:
    sight = fine().lost(START + 5).asked(START + 8).unanswered(START + 8)
    assert not sight.is_blind(START + 17.9)
    assert sight.is_blind(START + 18)
    # The socket may have gone after the questions just as well.
    sight = fine().asked(START + 1).unanswered(START + 1).lost(START + 5)
    assert not sight.is_blind(START + 14.9)
    assert sight.is_blind(START + 15)


def test_one_way_that_works_is_enough() -> None:
    lost = fine().lost(START)
    assert not lost.is_blind(START + 3600)
    assert not fine().asked(START).unanswered(START).is_blind(START + 3600)
    blind = lost.asked(START + 1).unanswered(START + 1)
    assert blind.is_blind(START + 60)
    assert not blind.connected().is_blind(START + 60)
    assert not blind.asked(START + 60).answered(START + 60).is_blind(START + 60)


def test_it_counts_from_the_first_failure_in_a_row_and_anew_after_an_answer() -> None:
    sight = fine().lost(START)
    for at in (1, 3, 5, 7):
        sight = sight.asked(START + at).unanswered(START + at)
    assert sight.is_blind(START + 11)
    sight = sight.asked(START + 9).answered(START + 9)
    sight = sight.asked(START + 10).unanswered(START + 10)
    assert not sight.is_blind(START + 19.9)
    assert sight.is_blind(START + 20)
    # The socket's own attempts to come back change nothing either.
    assert sight.lost(START + 19).is_blind(START + 20)


def test_a_late_failure_is_no_news_after_a_newer_answer() -> None:
    sight = fine().lost(START).asked(START + 1).asked(START + 2).answered(START + 2)
    assert not sight.unanswered(START + 1).is_blind(START + 3600)
    # But a late answer is an answer.
    sight = sight.asked(START + 3).asked(START + 4).unanswered(START + 4).answered(START + 3)
    assert not sight.is_blind(START + 3600)


def test_something_is_asked_only_while_the_socket_is_away_and_nobody_asks() -> None:
    assert not fine().wants_question(START + 3600)
    lost = fine().lost(START + 100)
    assert lost.wants_question(START + 100)
    assert not lost.asked(START + 100).wants_question(START + 100 + QUESTION_EVERY - 0.1)
    assert lost.asked(START + 100).wants_question(START + 100 + QUESTION_EVERY)
    failing = lost.asked(START + 100).unanswered(START + 100)
    assert not failing.wants_question(START + 100 + QUESTION_AGAIN - 0.1)
    assert failing.wants_question(START + 100 + QUESTION_AGAIN)


def test_a_start_is_no_trouble_until_a_question_fails() -> None:
    sight = Sight.begin(START)
    assert not sight.wants_question(START)
    assert sight.wants_question(START + QUESTION_EVERY)
    assert not sight.is_blind(START + 3600)
    assert sight.asked(START + 5).unanswered(START + 5).is_blind(START + 15)


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from("cluna")), max_size=60))
def test_it_is_blind_only_after_ten_seconds_without_any_good_news(
    events: list[tuple[float, str]],
) -> None:
    now, good = START, START
    sight = Sight.begin(now)
    is_connected = False
    for pause, event in events:
        now += pause
        if event == "c":
            sight, is_connected, good = sight.connected(), True, now
        elif event == "l":
            sight, is_connected = sight.lost(now), False
        elif event == "u":
            sight = sight.asked(now).unanswered(now)
        elif event == "n":
            # Nothing happens.
            pass
        else:
            sight, good = sight.asked(now).answered(now), now
        if sight.is_blind(now):
            assert not is_connected
            assert now - good >= BLIND_AFTER
