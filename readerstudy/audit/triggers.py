"""How each database refuses to change or remove an event.

A migration that alters the table on SQLite makes it anew and loses its triggers:
it has to create them again.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "audit_auditevent"

# INSERT OR REPLACE removes rows without asking a DELETE trigger, so a new row must
# be one more link of the chain. https://sqlite.org/lang_conflict.html
SQLITE = {
    "audit_event_never_updated": f"""
        CREATE TRIGGER audit_event_never_updated BEFORE UPDATE ON {TABLE}
        BEGIN SELECT RAISE(ABORT, 'an audit event is never changed'); END
    """,
    "audit_event_never_deleted": f"""
        CREATE TRIGGER audit_event_never_deleted BEFORE DELETE ON {TABLE}
        BEGIN SELECT RAISE(ABORT, 'an audit event is never removed'); END
    """,
    "audit_event_only_appended": f"""
        CREATE TRIGGER audit_event_only_appended BEFORE INSERT ON {TABLE}
        WHEN NEW.sequence IS NOT
                (SELECT COALESCE(MAX(sequence), 0) + 1 FROM {TABLE})
            OR EXISTS (SELECT 1 FROM {TABLE} WHERE hash = NEW.hash)
            OR EXISTS
                (SELECT 1 FROM {TABLE} WHERE previous_hash = NEW.previous_hash)
        BEGIN SELECT RAISE(ABORT, 'an audit event is only ever appended'); END
    """,
}

# ALWAYS: also in a session that calls itself a replica, which skips other triggers
POSTGRESQL = {
    "audit_event_never_changed": f"""
        CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'an audit event is never changed or removed'
                USING ERRCODE = 'integrity_constraint_violation';
        END
        $$;
        CREATE TRIGGER audit_event_never_changed
            BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
            FOR EACH STATEMENT EXECUTE FUNCTION audit_event_refuse();
        ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER audit_event_never_changed;
    """,
}

TRIGGERS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def create(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        for statement in TRIGGERS[connection.vendor].values():
            cursor.execute(statement)


def drop(connection: BaseDatabaseWrapper) -> None:
    """For going back to before the first migration, and for emptying test databases."""
    of_table = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in TRIGGERS[connection.vendor]:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{of_table}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The triggers that should be there and are not, or are switched off."""
    found = {
        "sqlite": "SELECT name FROM sqlite_master "
        "WHERE type = 'trigger' AND tbl_name = %s",
        "postgresql": "SELECT tgname FROM pg_trigger "
        "WHERE tgrelid = %s::regclass AND tgenabled = 'A'",
    }
    with connection.cursor() as cursor:
        cursor.execute(found[connection.vendor], [TABLE])
        there = {name for (name,) in cursor.fetchall()}
    return sorted(TRIGGERS[connection.vendor].keys() - there)
