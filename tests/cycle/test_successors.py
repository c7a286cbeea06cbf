"""What a new partner may see: what was chosen, or, with no answer, goals and open actions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle.successors import KINDS, Change, Item, Kind, may_see_from_before

NOW = datetime(2030, 3, 4, 9, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(days=1), NOW + timedelta(days=1)

items = st.builds(
    lambda kind, number, days, is_open: Item(kind, str(number), NOW + timedelta(days=days), is_open),
    st.sampled_from(KINDS),
    st.integers(0, 3),
    st.integers(-9, 9),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("kind", "is_open", "seen"),
    [
        ("goal", True, True),
        ("action", True, True),
        ("action", False, False),
        ("note", True, False),
        ("answer", True, False),
        ("pre-read", True, False),
    ],
)
def test_with_no_answer_goals_and_open_actions_and_nothing_else(kind: Kind, is_open: bool, seen: bool) -> None:
    assert may_see_from_before(Item(kind, "1", BEFORE, is_open), [Change(NOW, None)]) is seen


@given(items, st.lists(items))
def test_what_was_chosen_decides_item_by_item(item: Item, chosen: list[Item]) -> None:
    keys = {each.key for each in chosen}
    seen = may_see_from_before(item, [Change(NOW, keys)])
    assert seen == (item.made_at >= NOW or item.key in keys)


@given(items)
def test_what_is_shared_from_the_change_on_is_seen(item: Item) -> None:
    if item.made_at >= NOW:
        assert may_see_from_before(item, [Change(NOW, ())])
    assert may_see_from_before(item, [])


def test_with_no_answer_the_third_sees_no_more_than_the_second_did() -> None:
    shown, hidden = Item("goal", "1", BEFORE), Item("goal", "2", BEFORE)
    changes = [Change(NOW, {shown.key}), Change(AFTER, None)]
    assert may_see_from_before(shown, changes)
    assert not may_see_from_before(hidden, changes)
    assert may_see_from_before(Item("goal", "3", NOW), changes)


def test_what_is_chosen_for_the_third_counts_whatever_the_second_saw() -> None:
    note = Item("note", "1", BEFORE)
    assert may_see_from_before(note, [Change(NOW, ()), Change(AFTER, {note.key})])
