"""What only a person can end: money that must go back by hand, sums that do not agree."""

from collections.abc import Sequence

from fastapi import APIRouter

from posedge.model.case import Case
from posedge.web.access import STAFF, TECHNICIAN, Asking
from posedge.web.routes.sales import Testimony
from posedge.web.services import Served

router = APIRouter(tags=["cases"])


@router.get("/v1/cases", **STAFF)
async def cases(services: Served) -> Sequence[Case]:
    """List what waits for a person, oldest first."""
    return services.cases.open


@router.get("/v1/cases/{case_id}", **STAFF)
async def case(services: Served, case_id: str) -> Case:
    return await services.cases.get(case_id)


@router.post("/v1/cases/{case_id}/resolve", **TECHNICIAN)
async def resolve_case(
    services: Served, case_id: str, testimony: Testimony, asking: Asking
) -> Case:
    """End a case by a person's word; kept for ever."""
    return await services.cases.resolve(
        case_id,
        who=f"{testimony.who} ({asking.name})",
        why=testimony.why,
        evidence=testimony.evidence,
    )
