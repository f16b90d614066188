from django.db import migrations


def keep_as_opened(apps, schema_editor):
    """Studies opened before ask for nothing that their frozen protocol does not say."""
    studies = apps.get_model("reading", "Study").objects.filter(protocol__version=1)
    studies.update(asks_conditions=False, break_after_minutes=0)


class Migration(migrations.Migration):
    dependencies = [("reading", "0002_protocol_and_conduct")]

    operations = [migrations.RunPython(keep_as_opened, migrations.RunPython.noop)]
