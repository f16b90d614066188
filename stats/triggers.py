"""How each database refuses to change a frozen report.

Removing one is left to the audit log to tell: its event names the version and the
hash. A migration that alters the table on SQLite makes it anew and loses its
trigger: it has to create it again.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "stats_frozenreport"
NAME = "frozen_report_never_changed"

CREATE = {
    "sqlite": f"""
        CREATE TRIGGER {NAME} BEFORE UPDATE ON {TABLE}
        BEGIN SELECT RAISE(ABORT, 'a frozen report is never changed'); END
    """,
    "postgresql": f"""
        CREATE OR REPLACE FUNCTION frozen_report_refuse() RETURNS trigger
        LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a frozen report is never changed'
                USING ERRCODE = 'integrity_constraint_violation';
        END
        $$;
        CREATE TRIGGER {NAME} BEFORE UPDATE ON {TABLE}
            FOR EACH STATEMENT EXECUTE FUNCTION frozen_report_refuse();
        ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {NAME};
    """,
}


def create(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CREATE[connection.vendor])


def drop(connection: BaseDatabaseWrapper) -> None:
    of_table = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER IF EXISTS {NAME}{of_table}")
