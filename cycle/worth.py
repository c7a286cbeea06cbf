"""Whether a talk was worth the time: what can be said, and from how many answers on anybody is told a count."""

from collections.abc import Mapping
from typing import Literal, get_args

from cycle.policy import Privacy

Worth = Literal["yes", "partly", "no"]
CHOICES: tuple[Worth, ...] = get_args(Worth)


def told(answers: Mapping[tuple[str, str], str], rules: Privacy) -> dict[Worth, int] | None:
    """How often each was said, of answers by (check-in, person); None while they are too few to hide in.

    So few are those below `smallest_group_comments`, and those of fewer people than `smallest_group`, however often
    these answered.
    """
    people = {person for _, person in answers}
    if len(answers) < rules.smallest_group_comments or len(people) < rules.smallest_group:
        return None
    said = list(answers.values())
    return {choice: said.count(choice) for choice in CHOICES}
