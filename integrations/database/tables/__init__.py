"""Every table. Text that a person wrote is `EncryptedText`; nothing here decides anything."""

from integrations.database.tables.check_ins import Booking, CheckInRow, Offer, OutcomeAnswer, WorthAnswer, WorthCount
from integrations.database.tables.feedback import FeedbackRequest
from integrations.database.tables.handovers import Handover, ShownToSuccessor
from integrations.database.tables.letters import Letter, LetterItem, Refusal
from integrations.database.tables.pathways import InterestRow, PathwayLine, PathwaysRevision, RoleOfPerson
from integrations.database.tables.people import Leave, Person, Reporting
from integrations.database.tables.plans import ActionEvent, ActionRow, Evidence, Goal, Milestone, Plan, Supporter
from integrations.database.tables.policies import Enrolment, PolicyRevision, PolicyRow
from integrations.database.tables.records import Audit, Reading
from integrations.database.tables.stalls import Stall, StallAnswer
from integrations.database.tables.table import Table
from integrations.database.tables.talks import Answer, HeardLine, LearningMoment, Note, PreRead, ReflectionRow, Topic
from integrations.database.tables.watches import CalendarWatchRow, DirectoryWatchRow
from integrations.database.tables.work import Lease, NeedsAHand, PostedForm, Stuck, WakeUp

__all__ = [
    "ActionEvent",
    "ActionRow",
    "Answer",
    "Audit",
    "Booking",
    "CalendarWatchRow",
    "CheckInRow",
    "DirectoryWatchRow",
    "Enrolment",
    "Evidence",
    "FeedbackRequest",
    "Goal",
    "Handover",
    "HeardLine",
    "InterestRow",
    "LearningMoment",
    "Lease",
    "Leave",
    "Letter",
    "LetterItem",
    "Milestone",
    "NeedsAHand",
    "Note",
    "Offer",
    "OutcomeAnswer",
    "PathwayLine",
    "PathwaysRevision",
    "Person",
    "Plan",
    "PolicyRevision",
    "PolicyRow",
    "PostedForm",
    "PreRead",
    "Reading",
    "ReflectionRow",
    "Refusal",
    "Reporting",
    "RoleOfPerson",
    "ShownToSuccessor",
    "Stall",
    "StallAnswer",
    "Stuck",
    "Supporter",
    "Table",
    "Topic",
    "WakeUp",
    "WorthAnswer",
    "WorthCount",
]
