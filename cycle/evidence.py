"""What came of an action or a goal, in its owner's words, and what a supporter says about it."""

from typing import Literal

from cycle.actions import Refused
from cycle.sentences import Sentence

Kind = Literal["outcome", "change", "word"]
"""outcome: a line when it is done; change: later, what changed because of it; word: a supporter's."""

LETTERS = 600
MOST = 20


def check_line(text: str, so_far: int) -> None:
    """Raises Refused for an empty line, a very long one, or one more than fits beside an item."""
    if not text.strip():
        raise Refused(Sentence("There is nothing in that line yet. A few words are enough."))
    if len(text) > LETTERS:
        raise Refused(Sentence("A line has at most {letters} letters; this is a place for the gist.", letters=LETTERS))
    if so_far >= MOST:
        raise Refused(Sentence("{count} lines stand here, and that is plenty. Take one away first.", count=so_far))
