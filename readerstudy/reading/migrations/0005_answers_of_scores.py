from django.db import migrations
from django.db.models import OuterRef, Subquery

CHUNK = 1000


def gather_answers(apps, schema_editor):
    """One answer for all scores of a read's version; they say the same of it."""
    Score = apps.get_model("reading", "Score")
    Answer = apps.get_model("reading", "Answer")
    Reopening = apps.get_model("reading", "Reopening")
    shown_again = {
        (read, answered): shown
        for read, answered, shown in Reopening.objects.filter(
            answered_at__isnull=False
        ).values_list("read", "answered_at", "first_shown_at")
    }
    versions = (
        Score.objects.order_by("read", "version")
        .values(
            "read",
            "version",
            "reason",
            "key",
            "scored_at",
            "scored_by",
            "read__first_shown_at",
        )
        .distinct()
    )
    made = []
    for one in versions:
        again = shown_again.get((one["read"], one["scored_at"]))
        made.append(
            Answer(
                read_id=one["read"],
                version=one["version"],
                reason=one["reason"],
                key=one["key"],
                shown_at=again or one["read__first_shown_at"],
                at=one["scored_at"],
                by_id=one["scored_by"],
            )
        )
    Answer.objects.bulk_create(made, batch_size=CHUNK)
    # one statement: a row each would take minutes for a large study
    of_score = Answer.objects.filter(
        read=OuterRef("read"), version=OuterRef("version")
    ).values("pk")
    Score.objects.update(answer=Subquery(of_score))


class Migration(migrations.Migration):
    dependencies = [("reading", "0004_answers")]

    operations = [migrations.RunPython(gather_answers, migrations.RunPython.noop)]
