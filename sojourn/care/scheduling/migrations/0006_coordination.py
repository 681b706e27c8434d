from django.db import migrations


class Migration(migrations.Migration):
    """What follows from an appointment is another room's: its tables stay as they are, only Django's picture changes
    (coordination 0001 takes it up)."""

    dependencies = [("booking", "0005_protect_house")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name)
                for name in (
                    "Offer", "WaitingEntry", "Reminder", "ReminderPreference", "CalendarFeed", "EscortLink",
                    "EscortAnswer",
                )
            ]
        )
    ]  # fmt: skip
