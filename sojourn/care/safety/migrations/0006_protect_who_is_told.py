from django.db import migrations

from sojourn.foundation.accounts.scoping import Protect

# What the watch sees of a flag: that it is there, whose clinic's, whether it was answered and by whom, and by when it
# must be. Not what kind it is, nor how grave, nor a word of what was said; of a person, whether they still work here.
THE_WATCH_SEES = """
CREATE POLICY of_the_monitors ON safety_flag FOR SELECT TO sojourn_signals USING (true);
GRANT SELECT (id, clinic_id, patient_id, raised_at) ON safety_flag TO sojourn_signals;
CREATE POLICY of_the_monitors ON safety_flagreport FOR SELECT TO sojourn_signals USING (true);
GRANT SELECT (id, flag_id, reopens_id) ON safety_flagreport TO sojourn_signals;
CREATE POLICY of_the_monitors ON safety_flaganswer FOR SELECT TO sojourn_signals USING (true);
GRANT SELECT (id, flag_id, kind, by_id, to_id) ON safety_flaganswer TO sojourn_signals;
CREATE POLICY of_the_monitors ON accounts_membership FOR SELECT TO sojourn_signals USING (true);
GRANT SELECT (id, ended_at, unconfirmed_since) ON accounts_membership TO sojourn_signals;

ALTER TABLE safety_flaganswer ADD CONSTRAINT safety_flaganswer_to_id_same_clinic FOREIGN KEY (clinic_id, to_id)
  REFERENCES accounts_membership (clinic_id, id);
"""

# The watch writes that a circle of people is to be told, and asks the jobs process to tell it; it can ask for nothing
# else, and reads no job, since a job may carry a sealed letter. One that waits already is not asked for twice.
THE_WATCH_ASKS = """
CREATE FUNCTION sojourn_tell_of_flag(clinic bigint, turn bigint) RETURNS void LANGUAGE sql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args)
  VALUES ('safety', 'safety.tell', 'safety.tell ' || turn, jsonb_build_object('clinic_id', clinic, 'turn_id', turn))
  ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
$$;
REVOKE ALL ON FUNCTION sojourn_tell_of_flag(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sojourn_tell_of_flag(bigint, bigint) TO sojourn_signals;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("safety", "0005_who_is_told"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]
    operations = [
        Protect("FlagReading", append_only=True),
        Protect("FlagClock", append_only=True, signals="SELECT, INSERT"),
        Protect("FlagTurn", append_only=True, signals="SELECT, INSERT"),
        Protect("FlagNotice", patient=None, append_only=True, signals="SELECT (id, turn_id)"),
        Protect("FlagNoticeTry", patient=None, append_only=True, signals="SELECT (id, notice_id, outcome)"),
        Protect("NoticeChoice", patient=None, append_only=True),
        Protect("DutyList", patient=None, append_only=True),
        Protect("DutyContact", patient=None, append_only=True),
        migrations.RunSQL(THE_WATCH_SEES, migrations.RunSQL.noop),
        migrations.RunSQL(THE_WATCH_ASKS, migrations.RunSQL.noop),
    ]
