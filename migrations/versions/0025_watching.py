"""What the daily look at the models measured, and what staff have to look at."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kit.db

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MOMENT = kit.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "watch_measures",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("is_alarming", sa.Boolean(), nullable=False),
        sa.Column("detail", _JSON, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_measures")),
        sa.UniqueConstraint(
            "on",
            "model_sha256",
            "kind",
            "subject",
            name=op.f("uq_watch_measures_on_model_sha256_kind_subject"),
        ),
    )
    op.create_table(
        "risk_alerts",
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("evidence", _JSON, nullable=False),
        sa.Column("raised_at", _MOMENT, nullable=False),
        sa.Column("stood_at", _MOMENT, nullable=False),
        sa.Column("cleared_at", _MOMENT, nullable=True),
        sa.Column("seen_by", sa.Uuid(), nullable=True),
        sa.Column("seen_at", _MOMENT, nullable=True),
        sa.Column("note", sa.String(length=2_000), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_alerts")),
    )
    op.create_index(op.f("ix_risk_alerts_raised_at"), "risk_alerts", ["raised_at"])
    op.create_index(
        "uq_risk_alerts_standing",
        "risk_alerts",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text("cleared_at is null"),
        postgresql_where=sa.text("cleared_at is null"),
    )


def downgrade() -> None:
    op.drop_table("risk_alerts")
    op.drop_table("watch_measures")
