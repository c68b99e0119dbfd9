"""What was noticed in the upload of a document before it was cleaned."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.add_column(sa.Column("document_hash", sa.String(16), nullable=True))
        batch_op.add_column(
            sa.Column("document_signals", _JSON, nullable=False, server_default="[]")
        )


def downgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.drop_column("document_signals")
        batch_op.drop_column("document_hash")
