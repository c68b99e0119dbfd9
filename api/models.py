"""Tables of the staff door: accounts, sessions, attempts to log in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from api.roles import Role
from kit.db import Row


class StaffMember(Row):
    __tablename__ = "staff"

    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(80), unique=True)
    """The name as it is compared: without case, look-alike forms made one."""
    role: Mapped[Role]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """Argon2id, made by the member. Empty until the first log-in."""
    one_time_sha256: Mapped[str | None] = mapped_column(String(64))
    """Opens the door once, for the member to choose a password."""
    one_time_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class StaffSession(Row):
    __tablename__ = "staff_sessions"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LoginAttempt(Row):
    """Written before the password is looked at, so that many guesses at once all count."""

    __tablename__ = "login_attempts"
    __table_args__ = (
        Index(None, "name_index", "at"),
        Index(None, "address_index", "at"),
    )

    name_index: Mapped[str] = mapped_column(String(64))
    """Keyed hash: people type passwords into the wrong field."""
    address_index: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)
    succeeded: Mapped[bool] = mapped_column(default=False)
