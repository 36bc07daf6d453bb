"""
The database itself keeps what the consent ledger says: a proof that anybody could rewrite would be none.

A line may go to another contact, with a merge, and goes with somebody who is erased; its author may be
deleted. Nothing else about it changes.
"""

from typing import ClassVar

from django.db import migrations

KEEP = """
CREATE FUNCTION contacts_consentevent_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the consent ledger is never changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER contacts_consentevent_kept BEFORE UPDATE ON contacts_consentevent FOR EACH ROW
WHEN ((OLD.channel, OLD.topic, OLD.status, OLD.at, OLD.basis, OLD.source, OLD.wording, OLD.network)
    IS DISTINCT FROM
    (NEW.channel, NEW.topic, NEW.status, NEW.at, NEW.basis, NEW.source, NEW.wording, NEW.network))
EXECUTE FUNCTION contacts_consentevent_keep();
"""
LET_GO = """
DROP TRIGGER contacts_consentevent_kept ON contacts_consentevent;
DROP FUNCTION contacts_consentevent_keep();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("contacts", "0061_import_digests")]

    operations: ClassVar = [migrations.RunSQL(KEEP, LET_GO)]
