"""The price of a decision and of its offer, what it was reckoned from, and risk tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kit.db
from scoring import triggers

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("decisions") as batch_op:
        batch_op.add_column(sa.Column("annual_rate_bps", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("expected_loss_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("workings", _JSON, nullable=True))
    with op.batch_alter_table("offers") as batch_op:
        batch_op.add_column(sa.Column("annual_rate_bps", sa.Integer(), nullable=True))
    with op.batch_alter_table("borrowers") as batch_op:
        batch_op.add_column(sa.Column("region_index", sa.String(64), nullable=True))
    op.create_index("ix_borrowers_region_index", "borrowers", ["region_index"])
    op.create_table(
        "risk_tables",
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", _JSON, nullable=False),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_tables")),
    )
    for column in ("kind", "created_at"):
        op.create_index(f"ix_risk_tables_{column}", "risk_tables", [column])
    for statement in triggers.append_only(op.get_bind().dialect.name, "risk_tables"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("risk_tables")
    op.drop_index("ix_borrowers_region_index", "borrowers")
    with op.batch_alter_table("borrowers") as batch_op:
        batch_op.drop_column("region_index")
    with op.batch_alter_table("offers") as batch_op:
        batch_op.drop_column("annual_rate_bps")
    with op.batch_alter_table("decisions") as batch_op:
        batch_op.drop_column("workings")
        batch_op.drop_column("expected_loss_minor")
        batch_op.drop_column("annual_rate_bps")
