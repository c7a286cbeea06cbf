"""What the people of the demo type: everyday sentences, titles that no two actions share, and canaries."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

ACTIVITIES = (
    "Sit in on",
    "Prepare",
    "Lead",
    "Write up",
    "Shadow somebody in",
    "Ask two colleagues about",
    "Read a book on",
    "Try out",
    "Present",
    "Take a course in",
    "Help with",
    "Sketch a plan for",
)
TOPICS = (
    "customer calls",
    "the pricing review",
    "the release notes",
    "the onboarding walk",
    "a planning round",
    "the support rota",
    "data drawings",
    "the reading group",
    "negotiation",
    "the supplier talks",
    "the tooling survey",
    "a design critique",
)
SETTINGS = (
    "with the pricing team",
    "for the spring release",
    "in the Berlin office",
    "across both teams",
    "with a mentor",
    "before the summer",
    "for new colleagues",
    "with the night crew",
    "in plain words",
    "next to the daily work",
    "on one page",
    "with the partners",
)
GOALS = (
    "Explain numbers so that customers trust them",
    "Lead a small project from start to end",
    "Speak up earlier when plans wobble",
    "Understand what the other teams live on",
    "Become somebody new colleagues come to",
    "Write so that nobody has to ask back",
)
SUCCESSES = (
    "Two people say that it helped them",
    "I have done it once without notes",
    "We have decided whether to go on",
    "It is on the team's page",
)
THOUGHTS = (
    "Customers call me when numbers look odd.",
    "I enjoyed presenting more than I thought I would.",
    "Next time I would ask a week earlier.",
    "More time with customers, since explaining is what I want to be good at.",
    "The quiet weeks taught me more than the loud ones.",
    "I did not expect the small fix to matter so much.",
    "I would start with the smallest version.",
    "I want to learn how the partners decide.",
)
LEARNED = (
    "I fixed the release myself instead of asking. It cost two evenings. Next time I ask.",
    "I promised a date before I had looked. The team was kind about it. Next time I look first.",
    "I talked for most of a meeting. The best idea came after it. Next time I wait.",
)
NOTES = (
    "We agreed on one step, and on whom to ask for it.",
    "A good talk about what to leave out.",
    "We spoke about the spring, and about what can wait.",
)
FEEDBACK_ABOUT = "how I explained the figures in the spring review"
FEEDBACK = {
    "impact": "The others asked fewer questions afterwards than they usually do.",
    "next_step": "Show the drawing first, and the figures after it.",
}
FOR_A_SUPPORTER = "Would you think along with me for a while?"

STRIDE = 611

_SYLLABLES = ("ba", "lo", "mi", "ru", "te", "ka", "no", "vi", "su", "de", "pa", "ro", "li", "mu", "fe", "zo")
SYLLABLES_OF_A_NAME = 7
"""16 syllables, so 28 bits a word: two sentences with the same word are not to be expected."""


def draw(*what: object) -> int:
    """A number that depends on nothing but what is given, the same on every machine for ever."""
    text = "/".join(str(each) for each in what)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def chance(percent: int, *what: object) -> bool:
    return draw(*what) % 100 < percent


def pick(choices: Sequence[T], *what: object) -> T:
    return choices[draw(*what) % len(choices)]


def title(seed: int, number: int) -> str:
    """The title of the `number`th action of a run: unlike every other, and part of none."""
    every = len(ACTIVITIES) * len(TOPICS) * len(SETTINGS)
    volume, place = divmod(number, every)
    # A stride without a common divisor meets every title once, and neighbours differ in all three parts.
    place = (draw(seed, "titles") + place * STRIDE) % every
    place, activity = divmod(place, len(ACTIVITIES))
    setting, topic = divmod(place, len(TOPICS))
    part = f", part {volume + 1}," if volume else ""
    return f"{ACTIVITIES[activity]} {TOPICS[topic]}{part} {SETTINGS[setting]}"


def private_canary(*what: object) -> str:
    """A sentence for nobody but its writer."""
    return f"What I keep to myself goes by the name of {_name('private', *what)}."


def shared_canary(*what: object) -> str:
    """A sentence for the other of the check-in too."""
    return f"What carried me lately goes by the name of {_name('shared', *what)}."


def _name(*what: object) -> str:
    number = draw(*what)
    syllables = []
    for _ in range(SYLLABLES_OF_A_NAME):
        number, which = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[which])
    return "".join(syllables)
