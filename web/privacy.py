"""What is kept of a person and for how long, and who read what of theirs."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cycle.policy import Privacy
from integrations.database.policies import policy_of_person
from integrations.database.readings import readings_of
from web.face import database_of
from web.pages import page
from web.sessions import Signed

router = APIRouter()

WORDS = {
    "reflection": "what you shared before a check-in",
    "learning": "what you learned lately",
    "pre-read": "the page you both get before a check-in",
    "notes": "your notes of a check-in",
    "plan": "your plan",
    "action": "an action",
    "goal": "a goal",
    "feedback": "feedback that you gave or asked for",
    "interest": "a role or an opening that interests you",
}


@router.get("/privacy")
async def privacy(request: Request, viewer: Signed) -> Response:
    async with database_of(request).reading() as session:
        policy = await policy_of_person(session, viewer.id)
        readings = await readings_of(session, viewer.id)
    rules = policy.privacy if policy else Privacy()
    return page(request, "privacy.html", readings=readings, words=WORDS, rules=rules)
