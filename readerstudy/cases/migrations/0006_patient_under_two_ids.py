from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0005_waiting_uploads_are_sent_again"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="second_patient_digest",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
    ]
