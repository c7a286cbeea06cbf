"""A minute is never given to more than it holds, and the first that has room is taken."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cycle.minutes import ONE_MINUTE, first_with_room, minute_of, next_minute

NINE = datetime(2030, 2, 4, 9, 0, tzinfo=UTC)


@given(asked=st.lists(st.integers(0, 5), max_size=60), most=st.integers(1, 5), mailboxes=st.integers(1, 3))
def test_of_many_who_ask_no_minute_gets_more_than_it_holds_and_none_waits_beside_room(
    asked: list[int], most: int, mailboxes: int
) -> None:
    pool = [str(number) for number in range(mailboxes)]
    taken = Counter[tuple[str, datetime]]()
    for minutes in asked:
        begin = NINE + minutes * ONE_MINUTE
        mailbox, minute = first_with_room(pool, taken, begin, most)
        assert minute >= begin
        while begin < minute:
            assert all(taken[each, begin] == most for each in pool)
            begin += ONE_MINUTE
        taken[mailbox, minute] += 1
    assert not taken or max(taken.values()) <= most


@given(seconds=st.integers(0, 200))
def test_the_minute_that_has_begun_and_the_next_that_begins(seconds: int) -> None:
    now = NINE + timedelta(seconds=seconds)
    assert minute_of(now) <= now < minute_of(now) + ONE_MINUTE
    assert now <= next_minute(now) < now + ONE_MINUTE
