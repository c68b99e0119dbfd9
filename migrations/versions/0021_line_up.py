"""Models and policies by hash, the line-up of who decides, and what shadows would have said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kit.db
from scoring import triggers

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MOMENT = kit.db.UtcDateTime(timezone=True)
_DECIDING, _STANDING = sa.text("until is null and role <> 'shadow'"), sa.text("until is null")


def upgrade() -> None:
    for table, parts in (("risk_models", ("manifest", "artefact")), ("risk_policies", ("body",))):
        op.create_table(
            table,
            sa.Column("sha256", sa.String(64), nullable=False),
            sa.Column("name", sa.String(200), nullable=False),
            *(sa.Column(part, sa.Text(), nullable=False) for part in parts),
            sa.Column("registered_by", sa.String(80), nullable=False),
            sa.Column("registered_at", _MOMENT, nullable=False),
            sa.PrimaryKeyConstraint("sha256", name=op.f(f"pk_{table}")),
        )
        for statement in triggers.append_only(op.get_bind().dialect.name, table):
            op.execute(statement)
    _line_up()
    _shadow_assessments()
    with op.batch_alter_table("decisions") as batch_op:
        batch_op.add_column(
            sa.Column("role", sa.String(60), nullable=False, server_default="champion")
        )
        batch_op.add_column(sa.Column("draw", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("is_random", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def _line_up() -> None:
    op.create_table(
        "line_up",
        sa.Column("product", sa.String(60), nullable=False),
        sa.Column("role", sa.String(60), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("policy_sha256", sa.String(64), nullable=False),
        sa.Column("share_bps", sa.Integer(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("seated_by", sa.String(80), nullable=False),
        sa.Column("why", sa.String(2_000), nullable=False),
        sa.Column("restores", sa.Uuid(), nullable=True),
        sa.Column("until", _MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(80), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "share_bps > 0 AND share_bps <= 10000", name=op.f("ck_line_up_share_is_one")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_up")),
    )
    op.create_index(
        "uq_line_up_deciding", "line_up", ["product", "role"], unique=True,
        sqlite_where=_DECIDING, postgresql_where=_DECIDING,
    )  # fmt: skip
    op.create_index(
        "uq_line_up_standing", "line_up", ["product", "role", "model_sha256", "policy_sha256"],
        unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING,
    )  # fmt: skip


def _shadow_assessments() -> None:
    op.create_table(
        "shadow_assessments",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("policy_sha256", sa.String(64), nullable=False),
        sa.Column("pd", sa.Double(), nullable=False),
        sa.Column("grade", sa.String(10), nullable=False),
        sa.Column("outcome", sa.String(60), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("approved_minor", sa.BigInteger(), nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_assessments")),
        sa.UniqueConstraint(
            "decision_id", "model_sha256", "policy_sha256",
            name=op.f("uq_shadow_assessments_decision_id_model_sha256_policy_sha256"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_shadow_assessments_created_at"), "shadow_assessments", ["created_at"])


def downgrade() -> None:
    with op.batch_alter_table("decisions") as batch_op:
        for column in ("is_random", "draw", "role"):
            batch_op.drop_column(column)
    for table in ("shadow_assessments", "line_up", "risk_policies", "risk_models"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS risk_refuse_change()")
