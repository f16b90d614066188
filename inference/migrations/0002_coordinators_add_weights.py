"""Coordinators may upload weights."""

from django.db import migrations


def grant(apps, schema_editor):
    content_type, _ = apps.get_model("contenttypes.ContentType").objects.get_or_create(
        app_label="inference", model="weights"
    )
    # Django makes permissions only after all migrations have run
    permission, _ = apps.get_model("auth.Permission").objects.get_or_create(
        content_type=content_type,
        codename="add_weights",
        defaults={"name": "Can add weights"},
    )
    group, _ = apps.get_model("auth.Group").objects.get_or_create(name="coordinators")
    group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("inference", "0001_initial"),
        ("cases", "0002_coordinators_group"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
