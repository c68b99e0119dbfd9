"""SQL that keeps what decisions were made by: such rows are never changed nor taken away."""

NEVER_CHANGED = "what decided is never changed: register another one"


def append_only(dialect_name: str, table: str) -> list[str]:
    """What to execute after the table exists. Repeating it is harmless."""
    if dialect_name == "postgresql":
        return [
            "CREATE OR REPLACE FUNCTION risk_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$body$ BEGIN RAISE EXCEPTION '{NEVER_CHANGED}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $body$",
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION risk_refuse_change()",
        ]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{NEVER_CHANGED}'); END"
        for verb in ("update", "delete")
    ]
