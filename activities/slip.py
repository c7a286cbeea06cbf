"""How far a check-in may slip: in one place, since planning, offering and stalling must agree."""

from datetime import date, timedelta

from cycle.cadence import last_day
from cycle.leave import stretched
from cycle.policy import Policy
from cycle.workdays import add_workdays
from integrations.database.check_ins import Pair
from integrations.database.people import leaves_of, work_week


def last_day_for(pair: Pair, policy: Policy, today: date) -> date:
    """The last day on which it may take place; days of leave of either do not count.

    After a long leave it is the policy's last workday, after a change of manager the last of its days.
    """
    due, rhythm = pair.row.due_on, policy.rhythm
    if pair.row.kind == "return":
        earliest, latest = rhythm.return_from_leave_workdays
        return add_workdays(work_week(pair.person, today), due, latest - earliest)
    last = last_day(due, rhythm.may_slip_days, rhythm.every_months)
    if pair.row.kind == "handover":
        last = due + timedelta(days=rhythm.new_manager_within_days)
    leaves = [each for person in pair.people for each in leaves_of(person)]
    return stretched(due, (last - due).days, leaves)
