import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("reading", "0003_studies_opened_before"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Answer",
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
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("reason", models.TextField(blank=True)),
                ("key", models.CharField(blank=True, max_length=64)),
                ("comment", models.TextField(blank=True, default="")),
                ("shown_at", models.DateTimeField()),
                ("first_ms", models.PositiveIntegerField(null=True)),
                ("spent_ms", models.PositiveIntegerField(null=True)),
                ("away_ms", models.PositiveIntegerField(null=True)),
                ("held_ms", models.PositiveIntegerField(null=True)),
                ("window_low", models.PositiveSmallIntegerField(null=True)),
                ("window_high", models.PositiveSmallIntegerField(null=True)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "read",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="reading.read",
                    ),
                ),
            ],
            options={
                "ordering": ["read", "version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("read", "version"), name="answer_version_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(version=1) | ~Q(reason=""),
                        name="answer_change_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=Q(window_low__isnull=True, window_high__isnull=True)
                        | Q(
                            window_low__isnull=False,
                            window_high__lte=255,
                            window_low__lt=F("window_high"),
                            window_high__isnull=False,
                        ),
                        name="answer_window_within_0_to_255",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Preferences",
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
                    "keys",
                    models.CharField(
                        choices=[
                            ("two-hands", "two hands: 1 2 3 4 and 7 8 9 0"),
                            ("left-hand", "left hand: columns 1 Q A Z and 3 E D C"),
                            ("right-hand", "right hand: columns 8 I K , and 0 P ; /"),
                        ],
                        default="two-hands",
                        max_length=16,
                    ),
                ),
                ("auto_advance", models.BooleanField(default=False)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reading_preferences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name_plural": "preferences"},
        ),
        migrations.AddField(
            "study", "window_adjustable", models.BooleanField(default=False)
        ),
        migrations.AddField(
            "score",
            "answer",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="scores",
                to="reading.answer",
            ),
        ),
        migrations.AddField(
            "score",
            "unassessable",
            models.CharField(blank=True, default="", max_length=200),
        ),
    ]
