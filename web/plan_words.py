"""What a plan's pages call the things that rules and tables know by a key."""

from cycle.sentences import Sentence

MODALITIES = {
    "stretch": Sentence("A stretch assignment"),
    "mentoring": Sentence("Mentoring"),
    "training": Sentence("Training"),
    "rotation": Sentence("A rotation"),
    "reading": Sentence("A reading group"),
}
EVENTS = {
    "made": Sentence("written down"),
    "accepted": Sentence("taken on"),
    "progress": Sentence("some progress"),
    "done": Sentence("done"),
    "new_date": Sentence("new date"),
    "asked_help": Sentence("asked for help"),
    "talked": Sentence("talked about it"),
    "dropped": Sentence("let go"),
    "snoozed": Sentence("snoozed"),
    "smaller": Sentence("made smaller"),
    "handed_on": Sentence("handed on"),
    "reopened": Sentence("opened again"),
}
GOAL_STATES = {
    "open": Sentence("open"),
    "reached": Sentence("reached"),
    "let_go": Sentence("let go"),
    "changed": Sentence("changed into another one"),
}
GOAL_ENDINGS = {
    "reached": Sentence("Reached"),
    "changed": Sentence("It became another one"),
    "let_go": Sentence("Let it go"),
}
ROLES = {
    "mentor": Sentence("mentor"),
    "sponsor": Sentence("sponsor"),
    "peer": Sentence("peer"),
}
REASONS = {
    "time": Sentence("Time"),
    "goal": Sentence("My goal changed"),
    "access": Sentence("Access or budget"),
    "help": Sentence("I'd like help"),
    "rather_not_say": Sentence("Rather not say"),
}
