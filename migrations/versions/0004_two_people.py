"""Let two people agree on an act, hear who is awake, and keep files with cases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kit.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OPEN = sa.text("confirmed_at is null and withdrawn_at is null")


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", kit.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", kit.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("confirmed_by <> proposed_by", name=op.f("ck_proposals_four_eyes")),
        sa.CheckConstraint(
            "(confirmed_by is null) = (confirmed_at is null)",
            name=op.f("ck_proposals_confirmed_whole"),
        ),
        sa.CheckConstraint(
            "confirmed_at is null or withdrawn_at is null", name=op.f("ck_proposals_ends_once")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index(op.f("ix_proposals_subject"), "proposals", ["subject"])
    op.create_index(
        "uq_proposals_open",
        "proposals",
        ["act", "subject"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.add_column(
        "borrowers",
        sa.Column("phone_reset_at", kit.db.UtcDateTime(timezone=True), nullable=True),
    )
    op.add_column("case_messages", sa.Column("blob_id", sa.Uuid(), nullable=True))
    op.add_column(
        "contacts", sa.Column("heard_at", kit.db.UtcDateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "suspense_items", sa.Column("refund_reference", sa.String(length=120), nullable=True)
    )
    op.create_index(
        op.f("ix_suspense_items_refund_reference"),
        "suspense_items",
        ["refund_reference"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_suspense_items_refund_reference"), "suspense_items")
    for table, column in (
        ("suspense_items", "refund_reference"),
        ("contacts", "heard_at"),
        ("case_messages", "blob_id"),
        ("borrowers", "phone_reset_at"),
    ):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column)
    op.drop_table("proposals")
