"""The people of the demo: they read their inbox, follow the links in the letters and fill the pages' forms.

They know what a person knows: their letters, the pages they may open, and who their colleagues are.
"""

import heapq
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from urllib.parse import urlsplit

from cli.demo.browser import Browser
from cli.demo.desk import Desk
from cli.demo.diary import Act, Canary, Entry
from cli.demo.evidence import Colleague, Stretch
from cli.demo.inbox import Letter, Part
from cli.demo.initiatives import Initiative
from cli.demo.outlook import Habit, Manners, Outlook, another_hour, at_night, told, week_of
from cli.demo.page import Page
from cli.demo.phrases import DAY_IS_CLOSE, DAY_PASSED, STILL_OPEN
from cli.demo.temperaments import (
    Answer,
    Rung,
    Temperament,
    answers_outcome,
    gives_feedback,
    makes_action,
    with_action,
    with_form,
    with_orphan,
    with_stall,
    with_weekly,
)
from cli.demo.topics import Topics, day_in, due_in, title_in
from cli.demo.words import (
    FEEDBACK,
    FEEDBACK_ABOUT,
    FOR_A_SUPPORTER,
    LEARNED,
    NOTES,
    SUCCESSES,
    THOUGHTS,
    chance,
    draw,
    pick,
    private_canary,
    shared_canary,
)
from cli.demo.world import World

# When people look at their inbox, by their own clock.
LOOKS = (time(10, 30), time(15, 0))
MOST_DAYS_AWAY = 60
# From one due date to the next. It counts from the due date, so that an answer a day later names the same new one.
AT_LEAST_LATER = timedelta(days=21)

SHOWN = ("show-goal/", "show-action/")
"""How the boxes begin, on the page of a change of manager, whose words are titles."""

ACTS: Mapping[Answer, Act] = {
    "done": "finished_action",
    "new-date": "set_new_date",
    "help": "asked_for_help",
    "drop": "dropped_action",
    "snooze": "snoozed_action",
    "progress": "noted_progress",
}
STALL_ACTS: Mapping[str, Act] = {
    "answer": "answered_stall",
    "smaller": "made_plan_smaller",
    "pause": "paused_plan",
    "leave": "left_plan_as_is",
    "keep-hr-out": "kept_hr_out",
}
OUTLOOK_ACTS: Mapping[Habit, tuple[str, Act]] = {
    Habit.DECLINES: ("decline", "declined_invitation"),
    Habit.DECLINES_SILENTLY: ("decline", "declined_silently"),
    Habit.DELETES: ("delete", "deleted_invitation"),
    Habit.DRAGS: ("drag", "dragged_copy"),
    Habit.PROPOSES: ("propose", "proposed_hour"),
    Habit.PROPOSES_AT_NIGHT: ("propose", "proposed_hour"),
}


@dataclass(order=True, slots=True)
class Intention:
    """Something put off until an instant; `no` keeps the order of equals."""

    at: datetime
    no: int
    act: Callable[[], Awaitable[None]] = field(compare=False)


class Actor:
    """One person: when they look, what they make of each letter, and what they do about it."""

    def __init__(
        self,
        person: Colleague,
        temperament: Temperament,
        browser: Browser,
        world: World,
        outlook: Outlook | None = None,
        manners: Manners | None = None,
        initiatives: Sequence[tuple[datetime, Initiative]] = (),
    ) -> None:
        """`initiatives` come each with the instant from which on it is taken."""
        self.person = person
        self.temperament = temperament
        self.browser = browser
        self.looked_at: datetime | None = None
        self._world = world
        self._desk = Desk(person.mail, browser, world.clock)
        self._put_off: list[Intention] = []
        self._forms = 0
        self._left_open: list[Part] = []
        self._topics = Topics()
        self._heard = True
        self._glanced: tuple[int, int] | None = None
        self._outlook = outlook
        self._manners = manners or Manners()
        self._lived_up_to = False
        self._invited_to: set[str] = set()
        for at, initiative in initiatives:
            self._later(partial(self._begin, initiative), at)

    @property
    def mail(self) -> str:
        return self.person.mail

    def take_diary(self) -> list[Entry]:
        """What was written since the last time."""
        return self._desk.take_diary()

    def next_look(self, after: datetime) -> datetime | None:
        """The next instant at which this person looks at their inbox: twice a working day."""
        if self.person.left:
            return None
        day = self.person.local(after).date()
        for n in range(MOST_DAYS_AWAY):
            here = day + timedelta(days=n)
            if not self.person.works_on(here):
                continue
            for hour in LOOKS:
                look = datetime.combine(here, hour, self.person.zone).astimezone(UTC)
                if look > after:
                    return look
        return None

    async def act(self, letters: list[Letter], now: datetime) -> None:
        """Reads new letters, then does what is due: at once, or what was put off until now."""
        for letter in letters:
            await self._read(letter)
        while self._put_off and self._put_off[0].at <= now:
            await heapq.heappop(self._put_off).act()
        self._heard = self._heard or bool(letters)
        week = self.person.local(now).isocalendar()[:2]
        if self._heard and week != self._glanced:
            self._glanced, self._heard = week, False
            await self._glance()

    def _later(self, act: Callable[[], Awaitable[None]], at: datetime) -> None:
        heapq.heappush(self._put_off, Intention(at, draw(self.mail, at, len(self._put_off)), act))

    # Letters

    async def _read(self, letter: Letter) -> None:
        day = self.person.local(letter.received).date()
        if letter.about and letter.hour:
            await self._take_invitation(letter, letter.about, letter.hour)
        for part in letter.parts:
            await self._desk.note("read_letter", part.path, part.path)
            await self._take(part, day, letter.received)
        self._topics.invited(letter)

    async def _take(self, part: Part, day: date, received: datetime) -> None:
        case = (self._world.seed, self.mail, part.kind, self._topics.of(part))
        match part.kind:
            case "form" | "form-reminder":
                await self._take_form(part, received, case)
            case "learning":
                await self._learn(part, (*case, day.year, (day.month - 1) // 3))
            case "pre-read" | "request":
                await self._desk.open(part.path, part.path)
            case "outcome" | "second-outcome":
                if answers_outcome(self.temperament, part.kind == "second-outcome", *case):
                    await self._say(part, day, case)
            case "action":
                await self._take_action(part, day, case)
            case "weekly":
                await self._take_weekly(part, day)
            case "stall":
                await self._answer_stall(part, case)
            case "slots":
                await self._choose_hour(part)
            case "handover":
                await self._choose_for_successor(part)
            case "orphan":
                await self._decide_for_leaver(part, day)
            case "feedback":
                await self._give_feedback(part)
            case "supporter":
                page = await self._desk.open(part.path, part.path)
                await self._desk.post(page, f"{part.path}/accept", "accepted_invitation_to_support", {}, part.path)

    # Hours

    async def _take_invitation(self, letter: Letter, path: str, hour: Stretch) -> None:
        """Whoever has a habit lives up to it once, with the first hour of the first talk that is far enough ahead."""
        await self._desk.note("was_invited", path, None, fields=dict(told(hour)))
        first = path not in self._invited_to
        self._invited_to.add(path)
        if self._outlook is None or self._lived_up_to or not first or hour.start < self._outlook.not_before:
            return
        habit = self._manners.habit
        if habit is Habit.GOES_ON_LEAVE:
            self._lived_up_to = True
            await self._go_on_leave(self._outlook, path, hour)
        elif habit in OUTLOOK_ACTS:
            self._lived_up_to = True
            await self._answer_in_outlook(self._outlook, habit, letter.subject, path, hour)

    async def _answer_in_outlook(self, outlook: Outlook, habit: Habit, subject: str, path: str, hour: Stretch) -> None:
        act, did = OUTLOOK_ACTS[habit]
        facts: dict[str, object] = {}
        fields = dict(told(hour))
        if habit is Habit.DECLINES_SILENTLY:
            facts = {"sendResponse": False}
        elif did != "declined_invitation" and did != "deleted_invitation":
            to = self._rather(habit, subject, hour)
            facts = {**told(to), "with": "decline" if habit is Habit.PROPOSES_AT_NIGHT else "tentative"}
            fields |= {"to": told(to)["start"], "until": told(to)["end"]}
        status = await outlook.press(self.mail, act, subject=subject, **facts)
        await self._desk.note(did, path, None, fields=fields, status=status)

    def _rather(self, habit: Habit, subject: str, hour: Stretch) -> Stretch:
        if habit is Habit.PROPOSES_AT_NIGHT:
            return at_night(self.person, hour)
        manager = self._world.people.get(self.person.manager or "")
        return another_hour(self.person, manager if manager and manager.name.split()[0] in subject else None, hour)

    async def _go_on_leave(self, outlook: Outlook, path: str, hour: Stretch) -> None:
        """For the week of the talk. Nobody looks at their inbox meanwhile."""
        first, last = week_of(self.person.local(hour.start).date())
        fields = {"first": first.isoformat(), "last": last.isoformat()}
        status = await outlook.press(self.mail, "go_on_leave", **fields)
        await self._desk.note("went_on_leave", path, None, fields=dict(told(hour)) | fields, status=status)
        self.person = replace(self.person, leave=(*self.person.leave, (first, last)))

    async def _sit_out(self, part: Part) -> None:
        path = f"/check-ins/{part.path.rpartition('/')[2]}/not-this-time"
        page = await self._desk.open(path, part.path)
        await self._desk.post(page, path, "left_out", {}, part.path)

    async def _choose_hour(self, part: Part) -> None:
        page = await self._desk.open(part.path, part.path)
        wish = self._manners.with_slots
        offers = [form for form in page.forms if form.action.endswith("/slots") and len(form.words) > 1]
        if wish == "none" and offers:
            await self._desk.post(page, part.path, "chose_no_slot", {"slot": "none"}, part.path)
        elif wish == "pick" and offers:
            n = draw(self._world.seed, self.mail, "slot") % len(offers)
            chosen = {"slot": str(n)}
            await self._desk.post(page, part.path, "chose_slot", chosen, part.path, said={"hour": offers[n].words[0]})

    async def _take_form(self, part: Part, received: datetime, case: tuple[object, ...]) -> None:
        if self._manners.habit is Habit.SITS_OUT and not self._lived_up_to and part.kind == "form":
            self._lived_up_to = True
            await self._sit_out(part)
            return
        match with_form(self.temperament, part.kind == "form-reminder", *case):
            case "answer":
                await self._reflect(part, case)
            case "talk":
                await self._talk(part)
            case "tomorrow":

                async def reflect() -> None:
                    await self._reflect(part, case)

                self._later(reflect, received + timedelta(hours=20))

    # Reflection

    async def _reflect(self, part: Part, case: tuple[object, ...]) -> None:
        page = await self._desk.open(part.path, part.path)
        form = page.form(part.path)
        if form is None:
            return
        self._forms += 1
        questions = [name.removeprefix("text-") for name in form.values if name.startswith("text-")]
        values, shared, canaries = {"do": "save"}, {}, []
        for n, question in enumerate(questions):
            thought = pick(THOUGHTS, question, *case)
            # The first is shared and the second kept, so that each form has something to find and to hide.
            shared[question] = n == 0 or (n > 1 and chance(50, "share", question, *case))
            if n < 2:
                make = shared_canary if shared[question] else private_canary
                sentence = make(self._world.seed, self.mail, self._forms)
                canaries.append(Canary(sentence, shared[question]))
                thought = f"{sentence} {thought}"
            values[f"text-{question}"] = thought
            if shared[question]:
                values[f"share-{question}"] = form.boxes.get(f"share-{question}", "on")
                values[f"line-{question}"] = thought.partition(". ")[0].rstrip(".") + "."
        await self._desk.post(
            page, part.path, "answered_form", values, part.path, shared=shared, canaries=tuple(canaries)
        )

    async def _talk(self, part: Part) -> None:
        page = await self._desk.open(f"{part.path}?do=talk", part.path)
        await self._desk.post(page, part.path, "chose_to_talk", {"do": "talk"}, part.path)

    async def _learn(self, part: Part, case: tuple[object, ...]) -> None:
        page = await self._desk.open(part.path, part.path)
        text = pick(LEARNED, *case)
        await self._desk.post(page, part.path, "wrote_learning_moment", {"text": text}, part.path)

    # After the talk

    async def _say(self, part: Part, day: date, case: tuple[object, ...]) -> None:
        said = self._world.talk(part.path, self._topics.talk(part.path), self._topics.hour(part))
        if said is None:
            return
        page = await self._desk.open(f"{part.path}?said={said}", part.path)
        after = await self._desk.post(page, f"{part.path}/outcome", "said_outcome", {"said": said}, part.path)
        if after is None:
            return
        if said == "moved":
            self._world.was_moved(part.path)
        elif said == "held":
            await self._follow_up(after, part, day_in(part, day) or day, case)

    async def _follow_up(self, page: Page, part: Part, day: date, case: tuple[object, ...]) -> None:
        """`day` is the day of the talk."""
        if chance(60, "note", *case):
            note = {"text": pick(NOTES, "note", *case)}
            page = await self._desk.post(page, f"{part.path}/notes", "wrote_note", note, part.path) or page
        other = self._other(page)
        quiet = Temperament.SILENT in (self.temperament, self._world.temperaments.get(other.mail if other else ""))
        if other is None or quiet or not makes_action(self.temperament, *case):
            return
        owner = other if chance(35, "for the other", *case) else self.person
        await self._promise(page, part, day, owner, other, case)

    def _other(self, page: Page) -> Colleague | None:
        """With whom this talk was: the colleague whose name the form for actions offers besides one's own."""
        form = next((form for form in page.forms if form.action.endswith("/actions")), None)
        labels = " ".join(label for _, label in form.choices.get("owner", ())) if form else ""
        near = [each for each in self._world.people.values() if each.manager == self.mail]
        near += [self._world.people[self.person.manager]] if self.person.manager else []
        return next((each for each in near if each.name in labels or each.name.split()[0] in labels), None)

    async def _promise(
        self, page: Page, part: Part, day: date, owner: Colleague, other: Colleague, case: tuple[object, ...]
    ) -> None:
        form = page.form(f"{part.path}/actions")
        if form is None:
            return
        # The other is named; whoever is not is oneself.
        named = other.name.split()[0]
        ids = [value for value, label in form.choices.get("owner", ()) if (named in label) is (owner is other)]
        values = {
            "title": self._world.next_title(self.mail, other.mail),
            "success": pick(SUCCESSES, "success", *case),
            "modality": pick(("stretch", "mentoring", "training", "rotation", "reading"), "how", *case),
            "due_on": (day + timedelta(days=14 + draw("due", *case) % 30)).isoformat(),
            "owner": ids[0],
        }
        await self._desk.post(page, f"{part.path}/actions", "made_action", values, part.path, owner=owner.mail)

    async def _glance(self) -> None:
        """Once a week, when there was mail since: one's own page. Whatever a colleague proposed is taken on."""
        page = await self._desk.open("/", None)
        paths = dict.fromkeys(urlsplit(link.href).path for link in page.links)
        for path in paths:
            if path.startswith("/actions/") and path.count("/") == 2 and path not in self._desk.opened:
                action = await self._desk.open(path, None)
                await self._desk.post(action, f"{path}/accept", "accepted_action", {}, None)

    # Actions and plans

    async def _take_action(self, part: Part, day: date, case: tuple[object, ...]) -> None:
        rung = rung_of(part.text)
        answer = with_action(self.temperament, rung, *case)
        if answer:
            await self._answer_action(part, day, answer, part.path, case)
        elif rung == "still_open":
            self._left_open.append(part)

    async def _take_weekly(self, part: Part, day: date) -> None:
        """The weekly letter names nothing; whoever answers it remembers what they let lie."""
        await self._desk.open(part.path, part.path)
        self._left_open.sort(key=lambda each: (due_in(each, day) or day, title_in(each)))
        for n, each in enumerate(tuple(self._left_open)):
            case = (self._world.seed, self.mail, part.kind, self._topics.of(each))
            answer = with_weekly(self.temperament, n == 0, *case)
            if answer:
                await self._answer_action(each, day, answer, part.path, case)
                self._left_open.remove(each)

    async def _answer_action(
        self, part: Part, day: date, answer: Answer, letter: str, case: tuple[object, ...]
    ) -> None:
        """`part` is what a letter once said of the action, `letter` the one that is answered on `day`."""
        path = part.path
        # Progress has no choice of its own: its button stands on the action's plain page.
        page = await self._desk.open(path if answer == "progress" else f"{path}?choose={answer}", letter)
        form = page.form(f"{path}/{answer}")
        if form is None:
            return
        values: dict[str, str] = {}
        if answer == "new-date":
            due_on = (due_in(part, day) or day) + timedelta(days=draw("new date", *case) % 21)
            while (due_on := due_on + AT_LEAST_LATER) <= day:
                pass
            values = {"due_on": due_on.isoformat()}
        elif answer == "help":
            whom = [value for value, _ in form.choices.get("whom", ())]
            values = {"whom": "partner" if "partner" in whom else "hr"}
        elif answer == "snooze":
            values = {"days": "7"}
        await self._desk.post(page, f"{path}/{answer}", ACTS[answer], values, letter)

    async def _decide_for_leaver(self, part: Part, day: date) -> None:
        """What somebody who left had taken on in one's plan: taken on oneself, for a later day, or let go."""
        answer = with_orphan(self.temperament)
        if answer is None:
            return
        page = await self._desk.open(part.path, part.path)
        values: dict[str, str] = {"who": answer}
        if answer == "me":
            values["due_on"] = ((due_in(part, day) or day) + AT_LEAST_LATER).isoformat()
        did: Act = "took_over_action" if answer == "me" else "let_orphan_go"
        await self._desk.post(page, f"{part.path}/owner", did, values, part.path)

    async def _choose_for_successor(self, part: Part) -> None:
        """One of the goals and actions of before is for the new manager, the others are not."""
        page = await self._desk.open(part.path, part.path)
        form = page.form(part.path)
        if form is None:
            return
        titles = {form.labels[box].partition(" (")[0]: box for box in form.boxes if box.startswith(SHOWN)}
        if not titles:
            return
        chosen = pick(sorted(titles), self._world.seed, self.mail, "for the new manager")
        for box in form.boxes:
            form.values.pop(box, None)
        said = {"chosen": chosen, "withheld": "\n".join(title for title in titles if title != chosen)}
        values = {titles[chosen]: form.boxes[titles[chosen]]}
        await self._desk.post(page, part.path, "chose_for_successor", values, part.path, said=said)

    async def _answer_stall(self, part: Part, case: tuple[object, ...]) -> None:
        answer = with_stall(self.temperament, *case)
        if answer is None:
            return
        if answer == "answer":
            page = await self._desk.open(part.path, part.path)
            values = {"reason": "help", "to_partner": "yes", "to_hr": "yes"}
        else:
            # One click away: what the letter's link chose is what the page asks first.
            page = await self._desk.open(f"{part.path}?choose={answer}", part.path)
            if f"{part.path}/{answer}" not in [form.action for form in page.forms if part.path in form.action][:1]:
                return
            values = {}
        await self._desk.post(page, f"{part.path}/{answer}", STALL_ACTS[answer], values, part.path)

    # Colleagues

    async def _begin(self, initiative: Initiative) -> None:
        if initiative.what == "support":
            await self._invite_supporter(*initiative.colleagues)
        else:
            await self._ask_for_feedback(initiative.colleagues)

    async def _invite_supporter(self, colleague: str) -> None:
        """To the first goal of one's plan."""
        plan = await self._desk.open("/plan", None)
        paths = (urlsplit(link.href).path for link in plan.links)
        path = next((path for path in paths if path.startswith("/goals/") and path.count("/") == 2), None)
        if path is None:
            return
        page = await self._desk.open(path, None)
        sentence = shared_canary(self._world.seed, self.mail, "for a supporter")
        values = {"who": colleague, "role": "peer", "note": f"{sentence} {FOR_A_SUPPORTER}"}
        said = {"title": page.heading}
        canaries = (Canary(sentence, shared=True),)
        await self._desk.post(
            page, f"{path}/supporters", "invited_supporter", values, None, canaries=canaries, said=said
        )

    async def _ask_for_feedback(self, colleagues: Sequence[str]) -> None:
        page = await self._desk.open("/feedback", None)
        values = {f"name-{n}": mail for n, mail in enumerate(colleagues, 1)} | {"about": FEEDBACK_ABOUT}
        await self._desk.post(page, "/feedback", "asked_for_feedback", values, None)

    async def _give_feedback(self, part: Part) -> None:
        if not gives_feedback(self.temperament):
            return
        page = await self._desk.open(part.path, part.path)
        sentence = shared_canary(self._world.seed, self.mail, "for a colleague")
        values = FEEDBACK | {"behaviour": sentence, "do": "send"}
        canaries = (Canary(sentence, shared=True),)
        await self._desk.post(page, f"{part.path}/answer", "gave_feedback", values, part.path, canaries=canaries)


def rung_of(text: str) -> Rung:
    """Which mention of an action a letter is, by what it says."""
    if DAY_PASSED.is_in(text):
        return "passed"
    if STILL_OPEN.is_in(text):
        return "still_open"
    return "tomorrow" if DAY_IS_CLOSE.is_in(text) else "ahead"
