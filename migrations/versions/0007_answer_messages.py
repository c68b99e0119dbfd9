"""Keep the message of an answer with the event of the answer, and no table beside it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ANSWERS = sa.table(
    "telegram_answers",
    sa.column("application_id", sa.Uuid()),
    sa.column("message_id", sa.BigInteger()),
    sa.column("step", sa.String()),
)
_EVENTS = sa.table(
    "behavior_events",
    sa.column("id", sa.Uuid()),
    sa.column("application_id", sa.Uuid()),
    sa.column("kind", sa.String()),
    sa.column("field", sa.String()),
    sa.column("facts", _JSON),
)


def upgrade() -> None:
    database = op.get_bind()
    for application_id, message_id, step in database.execute(sa.select(_ANSWERS)).all():
        event = database.execute(
            sa.select(_EVENTS.c.id, _EVENTS.c.facts)
            .where(
                _EVENTS.c.application_id == application_id,
                _EVENTS.c.kind == "answered",
                _EVENTS.c.field == step,
            )
            .order_by(_EVENTS.c.id.desc())
            .limit(1)
        ).first()
        if event is not None:
            database.execute(
                sa.update(_EVENTS)
                .where(_EVENTS.c.id == event.id)
                .values(facts={**event.facts, "message": message_id})
            )
    op.drop_table("telegram_answers")


def downgrade() -> None:
    """A message that was sent before can no longer be edited: its answer is changed otherwise."""
    op.create_table(
        "telegram_answers",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("application_id", "message_id", name=op.f("pk_telegram_answers")),
    )
