"""Who made a template and when, and the number of a document as a blind index."""

import sqlalchemy as sa
from alembic import op

import kit.db

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.add_column(sa.Column("document_index", sa.String(64), nullable=True))
        batch_op.add_column(sa.Column("template_engine", sa.String(60), nullable=True))
        batch_op.add_column(
            sa.Column("template_at", kit.db.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.create_index("ix_verifications_document_index", ["document_index"])
        batch_op.create_index("ix_verifications_template", ["template_engine", "template_at"])
    op.execute(
        "UPDATE verifications SET template_engine = engine,"
        " template_at = COALESCE(concluded_at, created_at) WHERE template IS NOT NULL"
    )


def downgrade() -> None:
    with op.batch_alter_table("verifications") as batch_op:
        batch_op.drop_index("ix_verifications_template")
        batch_op.drop_index("ix_verifications_document_index")
        for column in ("template_at", "template_engine", "document_index"):
            batch_op.drop_column(column)
