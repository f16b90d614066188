from django.db import migrations

OF_A_STUDY = {"ordering": ["study", "at", "pk"]}


class Migration(migrations.Migration):
    dependencies = [("reading", "0007_resampling_allowed")]

    operations = [
        migrations.AlterModelOptions("codebreak", {"ordering": ["at", "pk"]}),
        migrations.AlterModelOptions("leakoraclerun", OF_A_STUDY),
        migrations.AlterModelOptions("reopening", {"ordering": ["read", "at", "pk"]}),
        migrations.AlterModelOptions("unblindingapproval", OF_A_STUDY),
        migrations.AlterModelOptions(
            "viewingcheck", {"ordering": ["session", "shown_at", "pk"]}
        ),
    ]
