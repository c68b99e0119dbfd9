"""Models and policies kept by their hash: registered once, never changed, loaded by any process."""

from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from kit import audit
from kit.db import insert_once
from kit.errors import DomainError, Kind
from scoring import policy as policies
from scoring.features import registry
from scoring.model import loading
from scoring.model.predictor import Model
from scoring.models import RiskModel, RiskPolicy
from scoring.policy import Policy
from scoring.refusals import Sentence

_MOST_LOADED = 32
"""In one process; a line-up has a handful, a replay of years a few more."""
V = TypeVar("V", Model, Policy)
_models: dict[str, Model] = {}
_policies: dict[str, Policy] = {}


class VersionNotFound(Sentence, DomainError):
    code = "risk_version_not_found"
    kind = Kind.NOT_FOUND
    sentence = "No {kind} begins with {sha256}: register it first."


class VersionAmbiguous(Sentence, DomainError):
    code = "risk_version_ambiguous"
    kind = Kind.CONFLICT
    sentence = "More than one {kind} begins with {sha256}: give more of its hash."


class ModelNotForApplications(Sentence, DomainError):
    """It was trained on columns that an application does not have."""

    code = "model_not_for_applications"
    kind = Kind.CONFLICT
    sentence = (
        "The model needs {column}, which no application has: train it with a --mapping to"
        " Kopa's features."
    )


async def register_model(
    session: AsyncSession, manifest: str, artefact: str, *, actor: str, now: datetime
) -> Model:
    """Keep a model after every check of its loading. The same one again changes nothing."""
    model = for_applications(manifest, artefact)
    is_new = await insert_once(
        session, RiskModel, sha256=model.sha256, name=model.manifest.name[:200],
        manifest=manifest, artefact=artefact, registered_by=actor, registered_at=now,
    )  # fmt: skip
    if is_new:
        _record(session, f"risk_model:{model.sha256[:16]}", model.sha256, actor, now)
    return model


def for_applications(manifest: str, artefact: str) -> Model:
    """Loaded, and checked to need nothing that an application does not have."""
    model = loading.from_texts(manifest, artefact)
    for name in model.names:
        if not registry.is_known(name):
            raise ModelNotForApplications(column=name)
    return model


async def register_folder(
    session: AsyncSession, folder: Path, *, actor: str, now: datetime
) -> Model:
    return await register_model(session, *loading.texts(folder), actor=actor, now=now)


async def register_policy(session: AsyncSession, text: str, *, actor: str, now: datetime) -> Policy:
    """Keep a policy that does not contradict itself."""
    policy = policies.parse(text)
    is_new = await insert_once(
        session, RiskPolicy, sha256=policy.sha256, name=policy.name[:200], body=text,
        registered_by=actor, registered_at=now,
    )  # fmt: skip
    if is_new:
        _record(session, f"risk_policy:{policy.sha256[:16]}", policy.sha256, actor, now)
    return policy


def text_of(path: Path) -> str:
    """A policy's text, as its hash is taken of it."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise policies.PolicyRefused(problem=f"{path.name} cannot be read") from None


async def get_model(session: AsyncSession, sha256: str) -> Model:
    """Loaded once in a process: what a hash names never changes."""
    if sha256 not in _models:
        row = await session.get(RiskModel, sha256)
        if row is None:
            raise VersionNotFound(kind="model", sha256=sha256)
        _remember(_models, loading.from_texts(row.manifest, row.artefact), sha256)
    return _models[sha256]


async def get_policy(session: AsyncSession, sha256: str) -> Policy:
    if sha256 not in _policies:
        row = await session.get(RiskPolicy, sha256)
        if row is None:
            raise VersionNotFound(kind="policy", sha256=sha256)
        _remember(_policies, policies.parse_kept(row.body), sha256)
    return _policies[sha256]


async def find_model(session: AsyncSession, beginning: str) -> str:
    """The whole hash of the one model that begins so."""
    return await _find(session, RiskModel, "model", beginning)


async def find_policy(session: AsyncSession, beginning: str) -> str:
    return await _find(session, RiskPolicy, "policy", beginning)


async def list_models(session: AsyncSession) -> list[RiskModel]:
    """Newest first, without their trees."""
    query = select(RiskModel).options(defer(RiskModel.artefact, raiseload=True))
    query = query.order_by(RiskModel.registered_at.desc(), RiskModel.sha256)
    return list((await session.scalars(query)).all())


async def list_policies(session: AsyncSession) -> list[RiskPolicy]:
    query = select(RiskPolicy).order_by(RiskPolicy.registered_at.desc(), RiskPolicy.sha256)
    return list((await session.scalars(query)).all())


async def _find(
    session: AsyncSession, table: type[RiskModel] | type[RiskPolicy], kind: str, beginning: str
) -> str:
    query = select(table.sha256).where(table.sha256.startswith(beginning, autoescape=True))
    found = (await session.scalars(query.limit(2))).all() if beginning else []
    if not found:
        raise VersionNotFound(kind=kind, sha256=beginning)
    if len(found) > 1:
        raise VersionAmbiguous(kind=kind, sha256=beginning)
    return found[0]


def _remember(loaded: dict[str, V], version: V, sha256: str) -> None:
    if version.sha256 != sha256:
        raise loading.ModelChanged(part="text in the database")
    if len(loaded) >= _MOST_LOADED:
        loaded.pop(next(iter(loaded)))
    loaded[sha256] = version


def _record(session: AsyncSession, subject: str, sha256: str, actor: str, now: datetime) -> None:
    audit.record(
        session, actor=actor, action="risk.registered", subject=subject, now=now, sha256=sha256
    )
