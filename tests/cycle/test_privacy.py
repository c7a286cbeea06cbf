"""Who may see what."""

import pytest

from cycle.privacy import (
    access_to_check_in,
    may_read_action,
    may_read_answer,
    may_read_note,
    may_write_reflection,
)

OTHERS = ["hale", "otto", "ira"]


def test_the_two_of_a_check_in_see_its_page() -> None:
    assert access_to_check_in("ann", "ann", "mara", "mara") == "everything"
    assert access_to_check_in("mara", "ann", "mara", "mara") == "everything"


@pytest.mark.parametrize("reader", OTHERS)
def test_nobody_else_does(reader: str) -> None:
    assert access_to_check_in(reader, "ann", "mara", "mara") == "nothing"
    assert not may_read_note(reader, "mara", "nothing")


def test_a_former_manager_keeps_their_own_words_and_the_new_one_gets_none_of_the_old() -> None:
    assert access_to_check_in("mara", "ann", "mara", None) == "own_words", "also while there is no new one"
    assert access_to_check_in("mara", "ann", "mara", "nils") == "own_words"
    assert access_to_check_in("nils", "ann", "mara", "nils") == "nothing"
    assert may_read_note("mara", "mara", "own_words")
    assert not may_read_note("mara", "ann", "own_words")


@pytest.mark.parametrize("reader", ["mara", *OTHERS])
@pytest.mark.parametrize("given_out", [True, False])
def test_a_private_answer_is_its_writers_alone(reader: str, given_out: bool) -> None:
    assert not may_read_answer(reader, "ann", "mara", shared=False, given_out=given_out)
    assert may_read_answer("ann", "ann", "mara", shared=False, given_out=given_out)


def test_a_shared_answer_opens_to_the_partner_once_it_was_given_out() -> None:
    assert may_read_answer("mara", "ann", "mara", shared=True)
    assert not may_read_answer("mara", "ann", "mara", shared=True, given_out=False)
    assert not any(may_read_answer(reader, "ann", "mara", shared=True) for reader in OTHERS)


def test_only_the_employee_writes_the_reflection() -> None:
    assert may_write_reflection("ann", "ann")
    assert not may_write_reflection("mara", "ann")


def test_an_action_is_seen_by_its_owner_and_unless_private_by_the_two() -> None:
    assert may_read_action("mara", "mara", "ann", "mara", private=False)
    assert may_read_action("ann", "mara", "ann", "mara", private=False)
    assert not may_read_action("mara", "ann", "ann", "mara", private=True)
    assert may_read_action("ann", "ann", "ann", "mara", private=True)
    assert may_read_action("otto", "otto", "ann", "mara", private=False)
    assert not may_read_action("otto", "ann", "ann", "mara", private=False)
    assert not may_read_action("otto", "ann", "ann", None, private=False)
