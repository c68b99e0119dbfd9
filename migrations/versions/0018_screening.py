"""Sanctions and PEP lists by version, whom they were about, and files whose time is over."""

import sqlalchemy as sa
from alembic import op

import kit.db

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_OUTCOMES = ("cleared", "confirmed")


def upgrade() -> None:
    op.create_table(
        "screening_lists",
        sa.Column("publisher", sa.String(60), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("files", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("loaded_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", kit.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_lists")),
    )
    op.create_index(
        "uq_screening_lists_current",
        "screening_lists",
        ["publisher"],
        unique=True,
        sqlite_where=sa.text("superseded_at is null"),
        postgresql_where=sa.text("superseded_at is null"),
    )
    op.create_table(
        "screening_hits",
        sa.Column("borrower_id", sa.Uuid(), nullable=False),
        sa.Column("publisher", sa.String(60), nullable=False),
        sa.Column("entry_uid", sa.String(200), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("found_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(*_OUTCOMES, name="outcome", native_enum=False, length=60),
            nullable=True,
        ),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_at", kit.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_hits")),
        sa.UniqueConstraint(
            "borrower_id",
            "publisher",
            "entry_uid",
            name=op.f("uq_screening_hits_borrower_id_publisher_entry_uid"),
        ),
    )
    op.create_index("ix_screening_hits_case_id", "screening_hits", ["case_id"])
    op.add_column("blobs", sa.Column("erased_at", kit.db.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("blobs") as batch_op:
        batch_op.drop_column("erased_at")
    op.drop_table("screening_hits")
    op.drop_table("screening_lists")
