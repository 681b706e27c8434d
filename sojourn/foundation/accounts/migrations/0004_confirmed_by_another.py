from django.db import migrations, models
import django.db.models.deletion

from sojourn.foundation.accounts.scoping import APP_ROLE, Protect

# Nobody makes himself a clinician. The roles are those that roles.toml calls clinical; a test holds both together.
# The machine's owner says so by a row that no runtime role can write.
CONFIRMED = f"""
CREATE TABLE accounts_owner_word (membership_id bigint PRIMARY KEY, said_at timestamptz NOT NULL DEFAULT now());
REVOKE ALL ON accounts_owner_word FROM PUBLIC;
GRANT SELECT ON accounts_owner_word TO {APP_ROLE};

CREATE FUNCTION sojourn_clinical_role(role text) RETURNS boolean LANGUAGE sql IMMUTABLE
  AS $$ SELECT role IN ('prescriber', 'nurse', 'therapist') $$;
-- Whether a clinical membership may come into being without waiting for anybody: never.
CREATE FUNCTION sojourn_born_confirmed() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT false $$;

CREATE FUNCTION sojourn_membership_is_confirmed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF sojourn_clinical_role(NEW.role) AND NEW.unconfirmed_since IS NULL AND NOT sojourn_born_confirmed() THEN
      RAISE EXCEPTION 'a clinical role waits until another holder confirms it'
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (OLD.role, OLD.person_id, OLD.clinic_id) IS DISTINCT FROM (NEW.role, NEW.person_id, NEW.clinic_id) THEN
    RAISE EXCEPTION 'a membership is not turned into another: end it, and invite anew'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL THEN
    RAISE EXCEPTION 'what has ended stays ended: invite anew' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.unconfirmed_since IS NOT NULL AND NEW.unconfirmed_since IS NULL
     AND NOT EXISTS (SELECT FROM accounts_roleconfirmation WHERE membership_id = NEW.id) THEN
    RAISE EXCEPTION 'nobody has confirmed this role' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER confirmed BEFORE INSERT OR UPDATE ON accounts_membership
  FOR EACH ROW EXECUTE FUNCTION sojourn_membership_is_confirmed();

CREATE FUNCTION sojourn_confirmed_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE newcomer accounts_membership%ROWTYPE;
BEGIN
  SELECT * INTO newcomer FROM accounts_membership WHERE id = NEW.membership_id;
  IF newcomer.ended_at IS NOT NULL OR newcomer.unconfirmed_since IS NULL THEN
    RAISE EXCEPTION 'this role does not wait for anybody' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.confirmed_by_id IS NULL THEN
    IF NOT EXISTS (SELECT FROM accounts_owner_word WHERE membership_id = NEW.membership_id) THEN
      RAISE EXCEPTION 'the machine''s owner has not said so' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  ELSIF NOT EXISTS (
    SELECT FROM accounts_membership holder WHERE holder.id = NEW.confirmed_by_id AND holder.clinic_id = NEW.clinic_id
      AND holder.role = newcomer.role AND holder.ended_at IS NULL AND holder.unconfirmed_since IS NULL
      AND holder.person_id <> newcomer.person_id AND holder.person_id = sojourn_person()
  ) THEN
    RAISE EXCEPTION 'a role is confirmed by another present holder of it, who asks'
      USING ERRCODE = 'integrity_constraint_violation';
  ELSIF EXISTS (
    SELECT FROM accounts_invitation i JOIN accounts_membership sender ON sender.id = i.sent_by_id
      JOIN accounts_person p ON p.id = newcomer.person_id
      WHERE i.clinic_id = NEW.clinic_id AND i.role = newcomer.role AND lower(i.email) = lower(p.email)
      AND i.accepted_at IS NOT NULL AND sender.person_id = sojourn_person()
  ) THEN
    RAISE EXCEPTION 'whoever sent the invitation does not confirm it too'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER confirmed_by_another BEFORE INSERT ON accounts_roleconfirmation
  FOR EACH ROW EXECUTE FUNCTION sojourn_confirmed_by_another();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_breakglass_opener")]
    operations = [
        migrations.AddField("membership", "unconfirmed_since", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="RoleConfirmation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("confirmed_at", models.DateTimeField()),
                ("clinic", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.clinic")),
                ("membership", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="confirmation", to="accounts.membership")),
                ("confirmed_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership")),
            ],
        ),
        Protect("RoleConfirmation", patient=None, append_only=True),
        migrations.RunSQL(CONFIRMED, migrations.RunSQL.noop),
    ]
