-- Version 1 of the tables, for SQLite.

CREATE TABLE IF NOT EXISTS lastpresence_schema (version INTEGER NOT NULL PRIMARY KEY);

CREATE TABLE IF NOT EXISTS lastpresence_accounts (account TEXT NOT NULL PRIMARY KEY, synced BIGINT NOT NULL, version TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS lastpresence_contacts (
	account TEXT NOT NULL,
	jid TEXT NOT NULL,
	listed BIGINT NOT NULL,
	subscription TEXT NOT NULL,
	name TEXT NOT NULL,
	groups TEXT NOT NULL,
	ask SMALLINT NOT NULL,
	approved SMALLINT NOT NULL,
	since BIGINT NOT NULL,
	seen_at BIGINT NOT NULL,
	seen_heard BIGINT NOT NULL,
	seen_settled SMALLINT NOT NULL,
	seen_status TEXT NOT NULL,
	seen_resource TEXT NOT NULL,
	active_at BIGINT NOT NULL,
	active_heard BIGINT NOT NULL,
	active_settled SMALLINT NOT NULL,
	active_status TEXT NOT NULL,
	active_resource TEXT NOT NULL,
	said_at BIGINT NOT NULL,
	said_heard BIGINT NOT NULL,
	said_settled SMALLINT NOT NULL,
	said_status TEXT NOT NULL,
	said_resource TEXT NOT NULL,
	online BIGINT NOT NULL,
	asked BIGINT NOT NULL,
	learnt BIGINT NOT NULL,
	PRIMARY KEY (account, jid)
);

INSERT INTO lastpresence_schema (version) VALUES (1) ON CONFLICT (version) DO NOTHING;
