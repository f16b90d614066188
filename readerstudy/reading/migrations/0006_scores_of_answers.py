import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("reading", "0005_answers_of_scores")]

    operations = [
        migrations.AlterModelOptions(
            "score", {"ordering": ["answer", "question", "side"]}
        ),
        migrations.RemoveConstraint("score", "score_version_once"),
        migrations.RemoveConstraint("score", "score_change_has_reason"),
        migrations.RemoveConstraint("score", "score_grade_within_1_to_4"),
        migrations.RemoveField("score", "read"),
        migrations.RemoveField("score", "version"),
        migrations.RemoveField("score", "reason"),
        migrations.RemoveField("score", "key"),
        migrations.RemoveField("score", "scored_at"),
        migrations.RemoveField("score", "scored_by"),
        migrations.AlterField(
            "score",
            "answer",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="scores",
                to="reading.answer",
            ),
        ),
        migrations.AlterField(
            "score", "value", models.PositiveSmallIntegerField(null=True)
        ),
        migrations.AddConstraint(
            "score",
            models.UniqueConstraint(
                fields=("answer", "question", "side"), name="score_once_per_side"
            ),
        ),
        migrations.AddConstraint(
            "score",
            models.CheckConstraint(
                condition=~Q(question="grade")
                | Q(value__isnull=True)
                | Q(value__gte=1, value__lte=4),
                name="score_grade_within_1_to_4",
            ),
        ),
        migrations.AddConstraint(
            "score",
            models.CheckConstraint(
                condition=Q(value__isnull=False, unassessable="")
                | (Q(value__isnull=True) & ~Q(unassessable="")),
                name="score_value_or_why_not",
            ),
        ),
    ]
