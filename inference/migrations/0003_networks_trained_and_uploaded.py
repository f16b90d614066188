import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import inference.models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0006_patient_under_two_ids"),
        ("inference", "0002_coordinators_add_weights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Training",
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
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waiting for a worker"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                ("message", models.TextField(blank=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claimed_by", models.CharField(blank=True, max_length=200)),
                ("heartbeat_at", models.DateTimeField(null=True)),
                ("called_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("device", models.CharField(blank=True, max_length=100)),
                ("versions", models.JSONField(blank=True, default=dict)),
                ("network", models.CharField(max_length=50)),
                ("title", models.CharField(blank=True, max_length=100)),
                ("settings", models.JSONField(blank=True, default=dict)),
                ("recipe", models.JSONField()),
                ("loss", models.CharField(max_length=16)),
                ("seed", models.PositiveBigIntegerField()),
                ("epochs_done", models.PositiveIntegerField(default=0)),
                ("epochs", models.PositiveIntegerField()),
                ("history", models.JSONField(blank=True, default=list)),
                (
                    "checkpoint",
                    models.FileField(
                        blank=True,
                        max_length=200,
                        upload_to=inference.models.checkpoint_path,
                    ),
                ),
                ("data_sha256", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "ordering": ["-pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Worker",
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
                ("claim", models.CharField(max_length=200, unique=True)),
                ("queues", models.JSONField(default=list)),
                ("device", models.CharField(max_length=100)),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-seen_at", "pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="weights",
            name="weights_uploaded_by_someone",
        ),
        migrations.AddField(
            model_name="job",
            name="device",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="job",
            name="input_sha256",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="job",
            name="output_sha256",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="job",
            name="versions",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="weights",
            name="format",
            field=models.CharField(
                choices=[("safetensors", "safetensors"), ("onnx", "ONNX")],
                default="safetensors",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="weights",
            name="probe",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name="job",
            name="cohort",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="%(class)ss",
                to="cases.cohort",
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="requested_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="%(class)ss",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="weights",
            name="origin",
            field=models.CharField(
                choices=[
                    ("shipped", "shipped with this software"),
                    ("uploaded", "uploaded"),
                    ("trained", "trained here"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="weights",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("origin", "shipped"), ("uploaded_by__isnull", True)),
                    models.Q(("origin", "uploaded"), ("uploaded_by__isnull", False)),
                    ("origin", "trained"),
                    _connector="OR",
                ),
                name="weights_uploaded_by_someone",
            ),
        ),
        migrations.AddField(
            model_name="training",
            name="cohort",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="%(class)ss",
                to="cases.cohort",
            ),
        ),
        migrations.AddField(
            model_name="training",
            name="requested_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="%(class)ss",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="training",
            name="result",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="training",
                to="inference.weights",
            ),
        ),
        migrations.AddConstraint(
            model_name="training",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "running"), _negated=True),
                    models.Q(
                        models.Q(("claimed_by", ""), _negated=True),
                        ("heartbeat_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="training_running_only_when_claimed",
            ),
        ),
        migrations.AddConstraint(
            model_name="training",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("finished_at__isnull", True),
                        ("state__in", ["queued", "running"]),
                    ),
                    models.Q(
                        ("finished_at__isnull", False),
                        ("state__in", ["done", "failed", "cancelled"]),
                    ),
                    _connector="OR",
                ),
                name="training_finished_has_its_time",
            ),
        ),
    ]
