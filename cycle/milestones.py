"""The small steps of an action: what one needs, and how many are still small steps."""

from datetime import date

from dateutil.relativedelta import relativedelta

from cycle.actions import LONGEST_MONTHS, TITLE_LETTERS, Refused
from cycle.sentences import Sentence

MOST = 12


def check_milestone(title: str, due_on: date | None, today: date, so_far: int) -> None:
    """Raises Refused for a step without words, with a day that has passed or lies far away, or one too many.

    `so_far` counts the steps that the action has.
    """
    if not title.strip():
        raise Refused(Sentence("A step needs a few words that say what it is."))
    if len(title) > TITLE_LETTERS:
        raise Refused(Sentence("A step has at most {letters} letters.", letters=TITLE_LETTERS))
    if due_on and due_on < today:
        raise Refused(Sentence("That day has passed. Choose today or a later day, or none at all."))
    if due_on and due_on > today + relativedelta(months=LONGEST_MONTHS):
        raise Refused(Sentence("A step lies within two years. Choose a nearer day, or none at all."))
    if so_far >= MOST:
        raise Refused(Sentence("{count} steps are plenty for one action. Take one away first.", count=so_far))
