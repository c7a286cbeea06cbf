"""Every workflow there is. Apart from their package, which the sandbox loads anew for each workflow that it begins."""

from workflows.action_chase import ActionChase
from workflows.calendar_watch import CalendarWatch
from workflows.check_in import CheckIn
from workflows.development_cycle import DevelopmentCycle
from workflows.directory_watch import DirectoryWatch
from workflows.plan_watch import PlanWatch
from workflows.postbox import Postbox

WORKFLOWS = (DevelopmentCycle, CheckIn, ActionChase, PlanWatch, Postbox, CalendarWatch, DirectoryWatch)
