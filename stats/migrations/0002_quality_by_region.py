from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def forget(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Of the whole crop alone, and by a calculation that is not used any more: the
    next report measures every image anew."""
    apps.get_model("stats", "ImageQuality").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("stats", "0001_initial")]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="imagequality", name="image_quality_measured_once"
        ),
        migrations.AddField(
            model_name="imagequality",
            name="mask",
            field=models.CharField(
                choices=[
                    ("crop", "Whole image (64×64 pixels)"),
                    ("striatum", "Striatum"),
                    ("background", "Background: brain away from the striatum"),
                ],
                default="crop",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="imagequality",
            name="pixels",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="imagequality",
            name="mean_absolute_error",
            field=models.FloatField(default=0.0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="imagequality",
            name="reference_mean",
            field=models.FloatField(default=0.0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="imagequality",
            name="reference_range",
            field=models.FloatField(default=0.0),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="imagequality",
            constraint=models.UniqueConstraint(
                fields=(
                    "rendition_sha256",
                    "reference_sha256",
                    "calculation",
                    "slice",
                    "mask",
                ),
                name="image_quality_measured_once",
            ),
        ),
        migrations.CreateModel(
            name="StriatalUptake",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("reference_sha256", models.CharField(max_length=64)),
                ("rendition_sha256", models.CharField(max_length=64)),
                ("calculation", models.CharField(max_length=50)),
                ("right", models.FloatField(null=True)),
                ("left", models.FloatField(null=True)),
                ("striatum_mean", models.FloatField(null=True)),
                ("background_mean", models.FloatField(null=True)),
                ("background_sd", models.FloatField(null=True)),
                ("measured_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "striatal uptake",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("rendition_sha256", "reference_sha256", "calculation"),
                        name="striatal_uptake_measured_once",
                    ),
                ],
            },
        ),
        # on the way back: rows of several masks would be one row twice
        migrations.RunPython(migrations.RunPython.noop, forget),
    ]
