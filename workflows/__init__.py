"""What happens and when: deterministic, holding ids and timers and nothing else."""

from workflows.action_chase import ActionChase
from workflows.calendar_watch import CalendarWatch
from workflows.check_in import CheckIn
from workflows.development_cycle import DevelopmentCycle
from workflows.plan_watch import PlanWatch
from workflows.postbox import Postbox

WORKFLOWS = (DevelopmentCycle, CheckIn, ActionChase, PlanWatch, Postbox, CalendarWatch)
