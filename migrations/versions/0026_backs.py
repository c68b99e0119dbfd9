"""What was noticed in the upload of a document's other side, as of its front."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.add_column(sa.Column("back_hash", sa.String(64), nullable=True))
        batch_op.add_column(sa.Column("back_signals", _JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.drop_column("back_signals")
        batch_op.drop_column("back_hash")
