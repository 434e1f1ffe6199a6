"""The same job hand-written in FastAPI and pydantic, as a careful developer would write this one service.

Models with limits for what comes in and goes out, the session looked up from the Bearer token and the permission
checked by dependencies (async ones, so that no thread is used), a response model, decimals written as numbers.
The token of the one session comes from the variable BENCH_TOKEN.
"""

import os
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field, PlainSerializer

from bench import quote

Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class QuoteRequest(BaseModel):
    """The input of the job."""

    customer: str = Field(max_length=40)
    amount: Decimal
    quantity: int = Field(ge=1)
    rate: Decimal


class Inputs(BaseModel):
    """The inputs by name."""

    RequestBO: QuoteRequest


class Call(BaseModel):
    """A body of DoAction."""

    flowName: str  # noqa: N815 - the key of the wire
    object: Inputs


class QuoteReply(BaseModel):
    """The output of the job."""

    customer: str
    tier: str
    net: Number
    total: Number


class Outputs(BaseModel):
    """The outputs by name."""

    ResponseBO: QuoteReply


class Answer(BaseModel):
    """The six keys."""

    exception: str
    responseStatus: str  # noqa: N815
    responseObjectsMap: Outputs  # noqa: N815
    flowName: str  # noqa: N815
    flowId: str  # noqa: N815
    tId: str  # noqa: N815


class Session(BaseModel):
    """Who calls, and what they may do."""

    username: str
    grants: frozenset[tuple[str, str, str]]


_SESSIONS = {os.environ["BENCH_TOKEN"]: Session(username=quote.USER, grants=frozenset({quote.GRANT}))}
_bearer = HTTPBearer(auto_error=False)

app = FastAPI()


async def current_session(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Session:
    """Find the session of the token."""
    session = _SESSIONS.get(credentials.credentials) if credentials else None
    if session is None:
        raise HTTPException(401, "no valid session", headers={"WWW-Authenticate": "Bearer"})
    return session


async def permitted_session(session: Annotated[Session, Depends(current_session)]) -> Session:
    """Check that the session may execute the flow."""
    if quote.GRANT not in session.grants:
        raise HTTPException(403, "not permitted")
    return session


@app.get("/livez")
async def livez() -> dict[str, str]:
    """Tell that the service serves."""
    return {}


@app.post(quote.PATH)
async def do_action(call: Call, _session: Annotated[Session, Depends(permitted_session)]) -> Answer:
    """Do the job."""
    given = call.object.RequestBO
    if given.amount >= quote.BIG:
        tier, net = "wholesale", given.amount * quote.LARGE_FACTOR
    else:
        tier, net = "retail", given.amount * quote.SMALL_FACTOR
    total = (net * given.quantity * given.rate).quantize(quote.CENT, ROUND_HALF_UP)
    return Answer(
        exception="",
        responseStatus="SUCCESS",
        responseObjectsMap=Outputs(ResponseBO=QuoteReply(customer=given.customer, tier=tier, net=net, total=total)),
        flowName=call.flowName,
        flowId=quote.FLOW_ID,
        tId=os.urandom(16).hex(),
    )
