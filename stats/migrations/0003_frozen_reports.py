from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from stats import triggers


def create(apps: Any, schema_editor: Any) -> None:
    triggers.create(schema_editor.connection)


def drop(apps: Any, schema_editor: Any) -> None:
    triggers.drop(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("reading", "0008_equal_moments_by_row"),
        ("stats", "0002_quality_by_region"),
    ]

    operations = [
        migrations.CreateModel(
            name="FrozenReport",
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
                ("number", models.PositiveSmallIntegerField()),
                ("content", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("built_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True)),
                ("program", models.CharField(max_length=50)),
                ("program_sha256", models.CharField(max_length=64)),
                ("libraries", models.JSONField()),
                ("protocol_sha256", models.CharField(max_length=64)),
                ("answers", models.PositiveIntegerField()),
                ("answers_sha256", models.CharField(max_length=64)),
                ("images", models.PositiveIntegerField()),
                ("images_sha256", models.CharField(max_length=64)),
                ("audit_events", models.PositiveBigIntegerField()),
                ("audit_anchor", models.CharField(max_length=64)),
                (
                    "built_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="frozen_reports",
                        to="reading.study",
                    ),
                ),
            ],
            options={
                "ordering": ["study", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "number"), name="frozen_report_version_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number", 1), ("reason", "")),
                            models.Q(
                                ("number__gt", 1),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="frozen_report_later_version_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportWork",
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
                ("claim", models.CharField(max_length=32)),
                ("beat_at", models.DateTimeField()),
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="report_work",
                        to="reading.study",
                    ),
                ),
            ],
        ),
        migrations.RunPython(create, drop),
    ]
