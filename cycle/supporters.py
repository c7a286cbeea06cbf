"""Who stands by somebody in one goal or action: how an invitation lives and ends, and what it opens."""

from typing import Literal

from cycle.actions import Refused
from cycle.sentences import Sentence

Role = Literal["mentor", "sponsor", "peer"]
ROLES: tuple[Role, ...] = ("mentor", "sponsor", "peer")

State = Literal["invited", "accepted", "declined", "withdrawn", "stepped_back"]
STANDING: tuple[State, ...] = ("invited", "accepted")
"""States in which an invitation still means something."""

Move = Literal["accept", "decline", "withdraw", "step_back"]
MOST_AN_ITEM = 5
NOTE_LETTERS = 600

_MOVES: dict[tuple[str, Move], State] = {
    ("invited", "accept"): "accepted",
    ("invited", "decline"): "declined",
    ("invited", "withdraw"): "withdrawn",
    ("accepted", "withdraw"): "withdrawn",
    ("accepted", "step_back"): "stepped_back",
}


def opens_item(state: str) -> bool:
    """Whether the invited sees the one thing that they were asked along for. Nothing else is opened, ever."""
    return state == "accepted"


def moved(state: str, move: Move) -> State:
    """The state after a move; a move that was made already changes nothing. Raises Refused."""
    after = _MOVES.get((state, move))
    if after:
        return after
    for (_, same), result in _MOVES.items():
        if same == move and result == state:
            return result
    raise Refused(Sentence("This invitation has ended, so there is nothing to answer any more."))


def check_role(role: str) -> Role:
    """Raises Refused for a role that is none."""
    for known in ROLES:
        if role == known:
            return known
    raise Refused(Sentence("Choose as what you invite them: mentor, sponsor or peer."))


def check_invitation(note: str, standing: int, already: bool, themselves: bool, name: str) -> None:
    """Raises Refused for an invitation that would be one too many.

    `standing` counts those that the item has; `already`: one of them is to the same person.
    """
    if themselves:
        raise Refused(Sentence("You are in this already. Invite somebody else."))
    if already:
        raise Refused(Sentence("{name} has an invitation to this already.", name=name))
    if standing >= MOST_AN_ITEM:
        raise Refused(
            Sentence("{count} people are asked along here, and that is plenty. Withdraw one first.", count=standing)
        )
    if len(note) > NOTE_LETTERS:
        raise Refused(Sentence("What you write with it has at most {letters} letters.", letters=NOTE_LETTERS))
