"""Whether this face can serve: for a load balancer, and for whoever starts it."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from integrations.database.connection import DatabaseUnreachable, check_reachable
from web.face import database_of

router = APIRouter()


@router.get("/healthz")
async def health(request: Request) -> JSONResponse:
    try:
        await check_reachable(database_of(request))
    except DatabaseUnreachable:
        return JSONResponse({"database": "does not answer"}, status_code=503)
    return JSONResponse({"database": "answers"})
