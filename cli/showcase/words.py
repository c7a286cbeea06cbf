"""What the people of the showcase have written: the words of a year of talks."""

QUESTIONS = ("learned", "surprised", "differently", "next")

LATELY = {
    "learned": "Customers call me when numbers look odd. In February three of them did, and each time the figures were "
    "right and the sentence beside them was not.",
    "surprised": "I enjoyed presenting. I had put it off for a year.",
    "differently": "I would ask Support earlier. They had known for weeks what I found out in the data.",
    "next": "More customer time; explaining is what I want to be good at. Two calls a month would be enough to start.",
}
LINES = {
    "learned": "Customers call me when numbers look odd.",
    "surprised": "I enjoyed presenting.",
    "next": "More customer time; explaining is what I want to be good at.",
}
"""Those that are shared; the third answer stays with its writer."""

EARLIER = (
    {
        "learned": "A chart with one message is read, one with four is admired.",
        "surprised": "The pricing team reads our report every Monday.",
        "next": "I would like to hear customers myself, not only read what they said.",
    },
    {
        "learned": "The migration went well because we rehearsed it twice.",
        "surprised": "How much quieter a week is without the Thursday meeting.",
        "next": "Learn how prices are made here, and by whom.",
    },
    {
        "learned": "Asking the same question of two teams gives two numbers, and both are right.",
        "surprised": "Somebody printed my dashboard.",
        "next": "Find out what of my work is used, and stop the rest.",
    },
)
"""By talk, the last one first."""

MOMENT = "I fixed the release myself instead of asking. Next time I ask."

NOTES = (
    ("Start with one customer call, together. Then one alone.", "Ask Pricing for half an hour before the next review."),
    (
        "The rehearsals are worth keeping; write down how they went.",
        "Speak with Finance about the budget for the course.",
    ),
    ("Ask the four teams which report they open.", "Less reporting on Fridays is fine with everybody."),
)
"""By talk: the employee's and the partner's."""

HEARD = (
    ("I may leave the weekly report to the others for a quarter.", "Explaining is the part that gives you energy."),
    ("Pricing is open to me, and I need not wait to be invited.", "You would like to know what your work is used for."),
    ("It is fine to stop a report that nobody opens.", "You want fewer numbers and better ones."),
)
TOPICS = ("The conference in May: together or one of us?", "Who looks after the report while I am with customers")

GOALS = (
    (
        "Explain numbers to customers",
        "I like it, and it is where people say I help most.",
        "Customers understand their bill",
    ),
    ("Understand how prices are made", "Half of the questions that reach me are about prices.", None),
)

ACTIONS = {
    "calls": (
        "Join two customer calls",
        "I have explained one figure in my own words, and the customer has told me what they understood.",
    ),
    "intro": ("Introduce {name} to the pricing team", "They have met, and know what to ask each other."),
    "handbook": ("Read the pricing handbook", "I can say in five sentences how a price comes about."),
    "course": ("Give the short course on charts", "Ten people have drawn a chart with one message."),
    "mentor": ("Listen in and say what I heard", "An honest half hour after each call."),
    "private": ("Find out whether the part-time degree would fit", None),
    "later": ("Spend a week with the Support team", "I know the ten questions they hear most."),
}
"""title, and what success looks like"""

STEPS = ("Ask Support for a date", "Listen in once", "Explain one figure myself")

OUTCOME = "The handbook is read. I could answer two questions about prices without asking anybody."
MENTORS_WORD = "The customer repeated the figure in their own words. That is the best sign there is."
INVITATION = "You explain so calmly. Would you listen to one of my calls and tell me what you hear?"
CALL_FOR_HELP = "The handbook is for members of the pricing team only. Could you open that door?"

ABOUT = "the pricing workshop on Tuesday"
FEEDBACK = (
    "You drew the curve on the board before anybody asked, and waited.",
    "The two from Finance began to ask questions. Until then they had only nodded.",
    "Send the sketch around afterwards; I would have liked to keep it.",
)
