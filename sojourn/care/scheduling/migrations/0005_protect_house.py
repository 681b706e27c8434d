from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

# A chair is held longer than the patient is: cleaning and making ready. Adding minutes (never days or months) to a
# moment does not depend on anybody's zone, so the function is immutable and an exclusion may use it.
HELD = """
CREATE FUNCTION booking_held(tstzrange, integer) RETURNS tstzrange LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT tstzrange(lower($1), upper($1) + make_interval(mins => $2), '[)') $$;
ALTER TABLE booking_appointment DROP CONSTRAINT one_patient_a_chair;
ALTER TABLE booking_appointment ADD CONSTRAINT one_patient_a_chair
  EXCLUDE USING gist (int8range(chair_id, chair_id, '[]') WITH &&, booking_held(during, turnover_minutes) WITH &&)
  WHERE (status = 'booked');
ALTER TABLE booking_attendance ADD CONSTRAINT one_appointment_a_member
  EXCLUDE USING gist (int8range(member_id, member_id, '[]') WITH &&, during WITH &&)
  WHERE (active AND role <> 'nurse');
"""

# Nurses attend several chairs at once, as many as the clinic's newest adopted number says, or one. Whoever assigns
# the same nurse waits for the other's commit, and counts after it: every statement of a volatile function sees what
# has been committed until then. A patient sees only rows of their own and could not count: the clinic assigns.
STAFF = """
CREATE FUNCTION booking_nurse_has_room() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  at_once integer;
  most integer;
BEGIN
  IF sojourn_patient() IS NOT NULL THEN
    RAISE EXCEPTION 'the clinic assigns its staff' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('sojourn.staff'), (NEW.member_id % 2147483647)::integer);
  SELECT coalesce((SELECT r.chairs_per_nurse FROM booking_bookingrules r WHERE r.clinic_id = NEW.clinic_id
                   ORDER BY r.id DESC LIMIT 1), 1) INTO at_once;
  WITH others AS (
    SELECT a.during FROM booking_attendance a
    WHERE a.member_id = NEW.member_id AND a.role = 'nurse' AND a.active AND a.id <> NEW.id AND a.during && NEW.during
  ), moments AS (
    SELECT lower(NEW.during) AS at UNION SELECT lower(during) FROM others WHERE lower(during) <@ NEW.during
  )
  SELECT max((SELECT count(*) FROM others WHERE others.during @> moments.at)) FROM moments INTO most;
  IF most + 1 > at_once THEN
    RAISE EXCEPTION 'a_nurse_has_room: this nurse looks after % at that time already', most
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'a_nurse_has_room';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER a_nurse_has_room BEFORE INSERT OR UPDATE OF during, active, member_id, role ON booking_attendance
  FOR EACH ROW WHEN (NEW.active AND NEW.role = 'nurse') EXECUTE FUNCTION booking_nurse_has_room();

CREATE FUNCTION booking_attendance_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE booking_attendance SET during = NEW.during, active = active AND NEW.status = 'booked'
   WHERE appointment_id = NEW.id AND active;
  RETURN NULL;
END $$;
CREATE TRIGGER attendance_follows AFTER UPDATE OF during, status ON booking_appointment
  FOR EACH ROW WHEN (OLD.during IS DISTINCT FROM NEW.during OR OLD.status IS DISTINCT FROM NEW.status)
  EXECUTE FUNCTION booking_attendance_follows();

"""


class Migration(migrations.Migration):
    dependencies = [("booking", "0004_house")]
    operations = [
        Protect("Room", patient=None, own="clinic_id = sojourn_clinic()"),
        Protect("BookingRules", patient=None, own="clinic_id = sojourn_clinic()", append_only=True),
        Protect("WorkingHours", patient=None, delete=True),
        Protect("HoursOnDay", patient=None, delete=True),
        Protect("Attendance"),
        Protect("PreferredTimes", append_only=True),
        Protect("WaitingEntry"),
        Protect("Offer", own="token_hash = sojourn_token()"),
        Protect("ReminderPreference"),
        Protect("Reminder"),
        Protect("CalendarFeed", own="token_hash = sojourn_token()"),
        Protect("EscortLink", own="token_hash = sojourn_token()"),
        Protect("EscortAnswer", append_only=True),
        migrations.RunSQL(
            "ALTER TABLE booking_chair ADD CONSTRAINT booking_chair_room_id_same_clinic"
            " FOREIGN KEY (clinic_id, room_id) REFERENCES booking_room(clinic_id, id)",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(HELD, migrations.RunSQL.noop),
        migrations.RunSQL(STAFF, migrations.RunSQL.noop),
    ]
