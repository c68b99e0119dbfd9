"""What was read on a document in the chat, what its holder says of it, and its other side."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kit.db

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MOMENT = kit.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.add_column(sa.Column("back_blob_id", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("wants_back", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("reading_sealed", sa.LargeBinary(), nullable=True))
        for names in ("read_fields", "corrected_fields"):
            batch_op.add_column(sa.Column(names, _JSON, nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("fields_confirmed_at", _MOMENT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        for name in (
            "fields_confirmed_at",
            "corrected_fields",
            "read_fields",
            "reading_sealed",
            "wants_back",
            "back_blob_id",
        ):
            batch_op.drop_column(name)
