"""Files that an earlier version kept in clear, unsealed, are not gone on with."""

from django.db import migrations

AGAIN = (
    "The server was updated while these files were waiting; nothing was imported. "
    "Please send them again."
)


def give_up(apps, schema_editor):
    waiting = apps.get_model("cases.Upload").objects.filter(
        state__in=["scanning", "ready", "importing"]
    )
    waiting.update(state="failed", error=AGAIN, claim="", heartbeat_at=None)


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_cohorts_as_hospitals_send_them")]

    operations = [migrations.RunPython(give_up, migrations.RunPython.noop)]
