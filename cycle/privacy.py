"""Who may see what of a check-in, an answer or a plan: the one table, as functions of ids.

HR and administrators appear nowhere here: being one opens nobody's words.
"""

from typing import Literal

Access = Literal["everything", "own_words", "hours", "nothing"]
"""`hours` is for whoever assists the one who holds a check-in: when it is or could be, and no content."""


def access_to_check_in(reader_id: str, employee_id: str, partner_id: str, partner_now_id: str | None) -> Access:
    """What of a check-in's page somebody sees.

    `partner_id` held the check-in, `partner_now_id` holds the employee's check-ins today (None: nobody does).
    From the day of a change, a former partner sees what they wrote themselves and nothing else.
    """
    if reader_id == employee_id:
        return "everything"
    if reader_id == partner_id:
        return "everything" if partner_now_id == partner_id else "own_words"
    return "nothing"


def is_shared(shared: bool, withdrawn: bool) -> bool:
    """Whether an answer is shared at this moment."""
    return shared and not withdrawn


def may_read_answer(reader_id: str, writer_id: str, partner_id: str, shared: bool, *, given_out: bool = True) -> bool:
    """Whether somebody may read an answer, or learn that it exists.

    `shared`: shared and not withdrawn. `given_out`: the pre-read has left or the talk has begun; until then a
    writer can still change their mind, so nobody else sees anything.
    """
    return reader_id == writer_id or (reader_id == partner_id and shared and given_out)


def may_write_reflection(reader_id: str, employee_id: str) -> bool:
    return reader_id == employee_id


def may_read_note(reader_id: str, writer_id: str, access: Access) -> bool:
    """Notes are for both of a check-in; what somebody wrote stays theirs to read."""
    return access == "everything" or (access == "own_words" and reader_id == writer_id)


def may_read_action(reader_id: str, owner_id: str, employee_id: str, partner_id: str | None, private: bool) -> bool:
    """An action is its owner's; unless private, also the plan's person's and their partner's of today."""
    return reader_id == owner_id or (not private and reader_id in {employee_id, partner_id})


def may_read_event(reader_id: str, what: str, writer_id: str | None, asked_id: str | None) -> bool:
    """Of an action that somebody may read: a snooze is its writer's, a call for help also whose help was asked for."""
    return what not in ("snoozed", "asked_help", "talked") or reader_id in (writer_id, asked_id)
