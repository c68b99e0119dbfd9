"""Photographs of persons: each reading says who and why, and leaves no copy on the way."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.deps import Now, OurVault, Session, Staff, permitted
from kit import storage

router = APIRouter(prefix="/v1/evidence", tags=["cases"], dependencies=[Depends(permitted)])
_SHOWN_AS_THEY_ARE = frozenset({"image/jpeg", "image/png", "image/webp"})


@router.get(
    "/{blob_id}",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "The picture itself."}},
)
async def read_evidence(
    blob_id: UUID,
    session: Session,
    vault: OurVault,
    who: Staff,
    now: Now,
    purpose: Annotated[str, Query(min_length=3, max_length=80, pattern=r"^[\w ,.:-]+$")] = (
        "case review"
    ),
) -> Response:
    content = await storage.read(session, vault, blob_id, actor=who.actor, purpose=purpose, now=now)
    blob = await session.get_one(storage.Blob, blob_id)
    known = blob.media_type in _SHOWN_AS_THEY_ARE
    return Response(
        content,
        media_type=blob.media_type if known else "application/octet-stream",
        headers={
            "Cache-Control": "no-store, private",
            "Content-Disposition": "inline" if known else "attachment",
        },
    )
