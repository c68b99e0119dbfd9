"""What each check of an identity found, and the film that answers a challenge."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kit.db

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_KINDS = ("document", "authenticity", "face", "liveness", "duplicates", "screening")
_VERDICTS = ("clear", "doubt", "skipped")


def upgrade() -> None:
    op.create_table(
        "verification_checks",
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column(
            "kind", sa.Enum(*_KINDS, name="checkkind", native_enum=False, length=60), nullable=False
        ),
        sa.Column(
            "verdict",
            sa.Enum(*_VERDICTS, name="checkverdict", native_enum=False, length=60),
            nullable=False,
        ),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.Column("numbers", _JSON, nullable=False),
        sa.Column("found_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_checks")),
        sa.UniqueConstraint(
            "verification_id",
            "attempt",
            "kind",
            name=op.f("uq_verification_checks_verification_id_attempt_kind"),
        ),
    )
    op.create_index("ix_verification_checks_verdict", "verification_checks", ["verdict"])
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.add_column(sa.Column("clip_blob_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("challenge", _JSON, nullable=True))
        batch_op.add_column(
            sa.Column("challenges", sa.Integer(), nullable=False, server_default="0")
        )


def downgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        for column in ("challenges", "challenge", "clip_blob_id"):
            batch_op.drop_column(column)
    op.drop_table("verification_checks")
