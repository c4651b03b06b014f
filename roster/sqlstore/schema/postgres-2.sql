-- Version 2 of the tables, for PostgreSQL: what is known of a contact's leaving is
-- what was seen as it happened and what a server told, with the cause, in place of
-- facts by presence, by last activity and of unknown times.

ALTER TABLE lastpresence_contacts ADD COLUMN seen_stamp BIGINT NOT NULL DEFAULT -62135596800000000;
ALTER TABLE lastpresence_contacts ADD COLUMN seen_cause SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE lastpresence_contacts ADD COLUMN seen_text TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE lastpresence_contacts ADD COLUMN words TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE lastpresence_contacts ADD COLUMN seen_ours SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE lastpresence_contacts ADD COLUMN seen_bounded SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE lastpresence_contacts ADD COLUMN told_heard BIGINT NOT NULL DEFAULT -62135596800000000;
ALTER TABLE lastpresence_contacts ADD COLUMN told_at BIGINT NOT NULL DEFAULT -62135596800000000;
ALTER TABLE lastpresence_contacts ADD COLUMN told_stamp BIGINT NOT NULL DEFAULT -62135596800000000;
ALTER TABLE lastpresence_contacts ADD COLUMN told_resource TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE lastpresence_contacts ADD COLUMN told_status TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE lastpresence_contacts ADD COLUMN told_cause SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE lastpresence_contacts ADD COLUMN told_text TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE lastpresence_contacts ADD COLUMN told_settled SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE lastpresence_contacts ADD COLUMN told_ours SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE lastpresence_contacts ADD COLUMN told_bounded SMALLINT NOT NULL DEFAULT 0;

-- Seen as it happened is what was heard when it happened. The rest was told, with
-- a stamp.
UPDATE lastpresence_contacts SET told_heard = seen_heard, told_at = seen_at, told_stamp = seen_at, told_resource = seen_resource,
	told_status = seen_status, told_settled = seen_settled
WHERE seen_at <> seen_heard AND seen_at > -62135596800000000;

UPDATE lastpresence_contacts SET seen_heard = -62135596800000000, seen_at = -62135596800000000, seen_resource = '', seen_status = '', seen_settled = 0
WHERE seen_at <> seen_heard;

UPDATE lastpresence_contacts SET seen_ours = 1 WHERE seen_at > -62135596800000000;

-- Last activity is another leaving, or the same one where it is within two seconds.
UPDATE lastpresence_contacts SET told_heard = active_heard, told_at = active_at, told_stamp = -62135596800000000, told_resource = '',
	told_status = active_status, told_settled = 0, told_ours = 1
WHERE active_at > told_at + 2000000;

UPDATE lastpresence_contacts SET told_status = active_status
WHERE told_status = '' AND told_at > -62135596800000000 AND active_at >= told_at - 2000000;

-- Words of an unknown time.
UPDATE lastpresence_contacts SET told_status = said_status
WHERE told_status = '' AND told_at > -62135596800000000 AND said_heard >= told_at AND said_heard > online;

UPDATE lastpresence_contacts SET told_heard = said_heard, told_status = said_status
WHERE told_at = -62135596800000000 AND said_status <> '';

-- The answer to a probe had nothing to add.
UPDATE lastpresence_contacts SET told_settled = 1 WHERE told_at > -62135596800000000 AND asked >= told_at;

-- What servers write is not the contact's words.
UPDATE lastpresence_contacts SET seen_text = seen_status, seen_status = ''
WHERE seen_status LIKE 'Disconnected: %' OR seen_status LIKE 'Stream error: %';

UPDATE lastpresence_contacts SET told_text = told_status, told_status = ''
WHERE told_status IN ('Registered but didn''t login', 'Stream reset by peer', 'Logged out')
	OR told_status LIKE 'Stream closed by peer%' OR told_status LIKE 'Connection failed: %' OR told_status LIKE 'Stream closed by local host: %'
	OR told_status LIKE 'Stream failed: %' OR told_status LIKE 'Disconnected: %' OR told_status LIKE 'Stream error: %';

ALTER TABLE lastpresence_contacts DROP COLUMN active_at;
ALTER TABLE lastpresence_contacts DROP COLUMN active_heard;
ALTER TABLE lastpresence_contacts DROP COLUMN active_settled;
ALTER TABLE lastpresence_contacts DROP COLUMN active_status;
ALTER TABLE lastpresence_contacts DROP COLUMN active_resource;
ALTER TABLE lastpresence_contacts DROP COLUMN said_at;
ALTER TABLE lastpresence_contacts DROP COLUMN said_heard;
ALTER TABLE lastpresence_contacts DROP COLUMN said_settled;
ALTER TABLE lastpresence_contacts DROP COLUMN said_status;
ALTER TABLE lastpresence_contacts DROP COLUMN said_resource;
ALTER TABLE lastpresence_contacts DROP COLUMN asked;

INSERT INTO lastpresence_schema (version) VALUES (2) ON CONFLICT (version) DO NOTHING;
