"""What the bot itself remembers: which updates it has handled."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from kit.db import Base


class TelegramUpdate(Base):
    """One update of one bot. Telegram delivers at least once; we handle at most once."""

    __tablename__ = "telegram_updates"

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    received_at: Mapped[datetime] = mapped_column(index=True)
    handled_at: Mapped[datetime | None]
    """Empty while it has only failed and may be delivered again."""
    failures: Mapped[int] = mapped_column(default=0)
    reference: Mapped[str | None] = mapped_column(String(20))
    """What the borrower was told when it failed: the log line has it too."""
