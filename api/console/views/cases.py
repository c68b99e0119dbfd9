"""Cases of identity, lists and credit: the evidence side by side, and what may be done about it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from api.console import acts, drawing, workings
from api.console.door import HOME, AtDesk, Desk
from api.console.forms import CaseState, Key, Words
from api.console.views import case_risk
from api.console.words import Refusal as Refused
from api.deps import Session
from api.v1.cases import Approval, Pictures, Refusal
from kit import audit, storage
from kit.db import unit_of_work
from kyc.liveness import sheet
from onboarding import cases, evidence, identity_evidence, retakes, reviews
from onboarding.decisioning import Underwriter
from onboarding.models import Case
from onboarding.retakes import RetakeReason
from onboarding.states import CaseKind, CaseStatus

router = APIRouter(prefix=f"{HOME}/cases", include_in_schema=False)
Number = Annotated[UUID, Path()]
_ASKED_AGAIN = {"both": ["document", "selfie"], "document": ["document"], "selfie": ["selfie"]}


@router.get("", name="list_cases")
async def show_cases(
    desk: AtDesk, session: Session, status: CaseState = None, kind: Words = None, after: Key = None
) -> Response:
    chosen = CaseKind(kind) if kind in set(CaseKind) else None
    wanted = cases.Filter(chosen, status)
    rows = await cases.list_cases(session, wanted, after=after, limit=drawing.PAGE_SIZE)
    return drawing.page(
        desk,
        "cases.html",
        cases=rows,
        chosen_status=status,
        kind=chosen,
        statuses=list(CaseStatus),
        kinds=list(CaseKind),
        after=drawing.last_key(rows),
        names=await desk.names(session),
    )


@router.get("/{case_id}", name="get_case")
async def show_case(case_id: Number, desk: AtDesk, session: Session) -> Response:
    return await _page(case_id, desk, session, shows="show" in desk.request.query_params)


@router.get("/{case_id}/files/{blob_id}", name="read_evidence")
async def show_file(case_id: Number, blob_id: UUID, desk: AtDesk, frames: bool = False) -> Response:
    """One picture or film of the case, or `frames` of the film. Each look is recorded."""
    async with unit_of_work(desk.wiring.sessions) as session:
        case = await cases.get(session, case_id)
        found = await evidence.of_case(session, case, now=desk.now)
        if blob_id not in _files(found).values():
            raise storage.BlobNotFound(blob_id=blob_id)
        content = await storage.read(
            session, desk.wiring.vault, blob_id, actor=desk.who.actor,
            purpose=f"case {case.reference}", now=desk.now,
        )  # fmt: skip
        blob = await session.get_one(storage.Blob, blob_id)
    headers = {"Cache-Control": "no-store, private", "X-Content-Type-Options": "nosniff"}
    if frames and blob.kind == "clip":
        # It takes a second, in a worker: nobody waits for the database meanwhile.
        return Response(await sheet.draw(content), media_type="image/jpeg", headers=headers)
    if blob.media_type not in ("image/jpeg", "image/png", "image/webp"):
        headers["Content-Disposition"] = "attachment"
    return Response(content, media_type=blob.media_type, headers=headers)


@router.post("/{case_id}/assign", name="assign_case")
async def take_case(case_id: Number, desk: AtDesk) -> Response:
    async def act(session: AsyncSession, case: Case) -> None:
        cases.assign(session, case, desk.who.id, now=desk.now)

    return await _do(case_id, desk, act, "taken")


@router.post("/{case_id}/approve", name="approve_case")
async def approve_case(case_id: Number, desk: AtDesk) -> Response:
    async def act(session: AsyncSession, case: Case) -> None:
        body = Approval(note=desk.typed.get("note", ""))
        await reviews.approve(
            session, case, staff_id=desk.who.id, note=body.note,
            underwriter=desk.wiring.service(Underwriter), now=desk.now,
        )  # fmt: skip

    return await _do(case_id, desk, act, "decided")


@router.post("/{case_id}/decline", name="decline_case")
async def decline_case(case_id: Number, desk: AtDesk) -> Response:
    async def act(session: AsyncSession, case: Case) -> None:
        body = Refusal(reasons=[desk.typed.get("reason", "")], note=desk.typed.get("note", ""))
        await reviews.decline(
            session, case, staff_id=desk.who.id, reasons=list(body.reasons), note=body.note,
            now=desk.now,
        )  # fmt: skip

    return await _do(case_id, desk, act, "decided")


@router.post("/{case_id}/pictures", name="ask_pictures")
async def ask_pictures(case_id: Number, desk: AtDesk) -> Response:
    async def act(session: AsyncSession, case: Case) -> None:
        body = Pictures.model_validate(
            {
                "pictures": _ASKED_AGAIN.get(desk.typed.get("pictures", ""), []),
                "reason": desk.typed.get("reason"),
                "note": desk.typed.get("note", ""),
            }
        )
        await retakes.ask(
            session, case, shots=body.pictures, reason=body.reason, note=body.note,
            staff_id=desk.who.id, now=desk.now,
        )  # fmt: skip

    return await _do(case_id, desk, act, "pictures")


async def _do(case_id: UUID, desk: Desk, act: Any, done: str) -> Response:
    async def carried(session: AsyncSession) -> str:
        case = await cases.get(session, case_id, lock=True)
        await act(session, case)
        return "proposed" if case.status is CaseStatus.PROPOSED else done

    async def again(session: AsyncSession, status: int, refusal: Refused) -> Response:
        return await _page(case_id, desk, session, status=status, refusal=refusal)

    return await acts.carry_out(desk, carried, then=f"{HOME}/cases/{case_id}", again=again)


async def _page(
    case_id: UUID, desk: Desk, session: AsyncSession, *, shows: bool = False, **answer: Any
) -> Response:
    case = await cases.get(session, case_id)
    audit.record(
        session, actor=desk.who.actor, action="case.read", subject=f"case:{case.id}", now=desk.now
    )
    found = await evidence.of_case(session, case, now=desk.now)
    verification = found.verification
    personal = None
    if shows and desk.may("read_evidence"):
        personal = await identity_evidence.opened(
            session, case, verification, actor=desk.who.actor, now=desk.now
        )
    return drawing.page(
        desk,
        "case.html",
        case=case,
        found=found,
        risk=await case_risk.of(session, found.decisions[-1]) if found.decisions else None,
        verification=verification,
        checks=(
            await identity_evidence.latest_checks(session, verification) if verification else []
        ),
        likenesses=(
            await identity_evidence.likenesses(session, verification) if verification else []
        ),
        history=await identity_evidence.history(session, case, verification),
        workings=workings.of(found.decisions[-1] if found.decisions else None),
        files=_files(found),
        personal=personal,
        shows=shows,
        may_decide=desk.may("approve_case") and case.status is not CaseStatus.RESOLVED,
        decline_reasons=reviews.DECLINE_REASONS,
        retake_reasons=list(RetakeReason),
        names=await desk.names(session),
        **{"refusal": None, **answer},
    )


def _files(found: evidence.Evidence) -> dict[str, UUID]:
    """Pictures and film of the identity, and what the borrower sent to staff."""
    files = dict(found.images)
    if found.verification is not None and found.verification.clip_blob_id is not None:
        files["film"] = found.verification.clip_blob_id
    sent = [message.blob_id for message in found.messages if message.blob_id is not None]
    return files | {f"file {number}": blob_id for number, blob_id in enumerate(sent, 1)}
