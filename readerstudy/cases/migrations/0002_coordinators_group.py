"""The group whose members may upload cohorts."""

from django.db import migrations


def create_group(apps, schema_editor):
    content_type, _ = apps.get_model("contenttypes.ContentType").objects.get_or_create(
        app_label="cases", model="cohort"
    )
    # Django makes permissions only after all migrations have run
    permission, _ = apps.get_model("auth.Permission").objects.get_or_create(
        content_type=content_type,
        codename="add_cohort",
        defaults={"name": "Can add cohort"},
    )
    group, _ = apps.get_model("auth.Group").objects.get_or_create(name="coordinators")
    group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_group, migrations.RunPython.noop)]
