"""Whose calendar a check-in stands in, whom it invites, and in whose wall-clock time it is written."""

from typing import Literal

Organizer = Literal["service_mailbox", "manager"]


def organizing_mailbox(organizer: Organizer, service_mailbox: str, manager: str) -> str:
    """The mailbox that has the event. `manager` is the manager's Entra object id: a new address leaves it as it is."""
    return manager if organizer == "manager" else service_mailbox


def written_in(organizer: Organizer, employee_zone: str, manager_zone: str) -> str:
    """The zone of the event: that of the person who organizes it; where nobody in particular does, the employee's."""
    return manager_zone if organizer == "manager" else employee_zone


def invited(organizing: str, people: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `people` (object ids) who get an invitation; whoever organizes has the event itself."""
    return tuple(each for each in people if each != organizing)
