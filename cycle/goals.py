"""Goals of a plan: what one needs, and how it ends. Nothing about an end is a verdict."""

from typing import Literal

from cycle.actions import Refused
from cycle.sentences import Sentence

State = Literal["open", "reached", "let_go", "changed"]
ENDINGS: tuple[State, ...] = ("reached", "let_go", "changed")
TITLE_LETTERS = 200
TEXT_LETTERS = 1000
MOST_OPEN = 5
"""More goals at once are wishes."""


def check_goal(title: str, why: str, priority: str) -> None:
    """Raises Refused for a goal without a title, or with more words than anybody reads."""
    if not title.strip():
        raise Refused(Sentence("A goal needs a few words that say which skill you want to grow."))
    if len(title) > TITLE_LETTERS:
        raise Refused(
            Sentence(
                "A goal has at most {letters} letters. The rest fits under why it matters.",
                letters=TITLE_LETTERS,
            )
        )
    if max(len(why), len(priority)) > TEXT_LETTERS:
        raise Refused(Sentence("Each of these texts has at most {letters} letters.", letters=TEXT_LETTERS))


def check_room(open_now: int) -> None:
    """Raises Refused when a plan has its fill of open goals."""
    if open_now >= MOST_OPEN:
        raise Refused(
            Sentence(
                "{count} goals are open, and that is plenty. Close one, and there is room for this.", count=open_now
            )
        )


def check_ending(how: str) -> State:
    """How a goal ends, as a known word. Raises Refused."""
    for ending in ENDINGS:
        if how == ending:
            return ending
    raise Refused(Sentence("Choose how this goal ends: reached, let go, or changed into another one."))
