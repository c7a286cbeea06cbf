"""What one of a talk heard the other say, and what the other may answer: yes, or not quite, in their own words."""

from typing import Literal, get_args

from cycle.actions import Refused
from cycle.sentences import Sentence

Answer = Literal["yes", "not_quite"]

LETTERS = 400
"""Of a line, and of the words that answer it."""

NOT_FOR = Sentence("Not for performance or disciplinary use.")


def checked_line(text: str) -> str:
    """The line as it is kept. Raises Refused when it is more than a line."""
    line = " ".join(text.split())
    if len(line) > LETTERS:
        raise Refused(Sentence("A line has at most {letters} letters. The rest fits into a note.", letters=LETTERS))
    return line


def checked_answer(answer: str, words: str) -> tuple[Answer, str]:
    """The answer with its words; "yes" needs none. Raises Refused."""
    given = next((each for each in get_args(Answer) if each == answer), None)
    if given is None:
        raise Refused(Sentence("Choose one of the two: yes, or not quite."))
    line = checked_line(words)
    if given == "not_quite" and not line:
        raise Refused(Sentence("Say in a line what you meant, so that both stand together."))
    return given, line
