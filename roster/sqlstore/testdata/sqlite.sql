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

INSERT INTO lastpresence_accounts (account, synced, version) VALUES (?, ?, ?)
ON CONFLICT (account) DO UPDATE SET
	synced = CASE WHEN (excluded.synced, excluded.version) > (lastpresence_accounts.synced, lastpresence_accounts.version) THEN excluded.synced ELSE lastpresence_accounts.synced END,
	version = CASE WHEN (excluded.synced, excluded.version) > (lastpresence_accounts.synced, lastpresence_accounts.version) THEN excluded.version ELSE lastpresence_accounts.version END;

INSERT INTO lastpresence_contacts (account, jid, listed, subscription, name, groups, ask, approved, since, seen_at, seen_heard, seen_settled, seen_status, seen_resource, active_at, active_heard, active_settled, active_status, active_resource, said_at, said_heard, said_settled, said_status, said_resource, online, asked, learnt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, jid) DO UPDATE SET
	listed = CASE WHEN (excluded.listed, excluded.subscription, excluded.name, excluded.groups, excluded.ask, excluded.approved) > (lastpresence_contacts.listed, lastpresence_contacts.subscription, lastpresence_contacts.name, lastpresence_contacts.groups, lastpresence_contacts.ask, lastpresence_contacts.approved) THEN excluded.listed ELSE lastpresence_contacts.listed END,
	subscription = CASE WHEN (excluded.listed, excluded.subscription, excluded.name, excluded.groups, excluded.ask, excluded.approved) > (lastpresence_contacts.listed, lastpresence_contacts.subscription, lastpresence_contacts.name, lastpresence_contacts.groups, lastpresence_contacts.ask, lastpresence_contacts.approved) THEN excluded.subscription ELSE lastpresence_contacts.subscription END,
	name = CASE WHEN (excluded.listed, excluded.subscription, excluded.name, excluded.groups, excluded.ask, excluded.approved) > (lastpresence_contacts.listed, lastpresence_contacts.subscription, lastpresence_contacts.name, lastpresence_contacts.groups, lastpresence_contacts.ask, lastpresence_contacts.approved) THEN excluded.name ELSE lastpresence_contacts.name END,
	groups = CASE WHEN (excluded.listed, excluded.subscription, excluded.name, excluded.groups, excluded.ask, excluded.approved) > (lastpresence_contacts.listed, lastpresence_contacts.subscription, lastpresence_contacts.name, lastpresence_contacts.groups, lastpresence_contacts.ask, lastpresence_contacts.approved) THEN excluded.groups ELSE lastpresence_contacts.groups END,
	ask = CASE WHEN (excluded.listed, excluded.subscription, excluded.name, excluded.groups, excluded.ask, excluded.approved) > (lastpresence_contacts.listed, lastpresence_contacts.subscription, lastpresence_contacts.name, lastpresence_contacts.groups, lastpresence_contacts.ask, lastpresence_contacts.approved) THEN excluded.ask ELSE lastpresence_contacts.ask END,
	approved = CASE WHEN (excluded.listed, excluded.subscription, excluded.name, excluded.groups, excluded.ask, excluded.approved) > (lastpresence_contacts.listed, lastpresence_contacts.subscription, lastpresence_contacts.name, lastpresence_contacts.groups, lastpresence_contacts.ask, lastpresence_contacts.approved) THEN excluded.approved ELSE lastpresence_contacts.approved END,
	since = CASE WHEN (excluded.since) > (lastpresence_contacts.since) THEN excluded.since ELSE lastpresence_contacts.since END,
	seen_at = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.seen_at, excluded.seen_heard, excluded.seen_settled, excluded.seen_status, excluded.seen_resource) > (lastpresence_contacts.seen_at, lastpresence_contacts.seen_heard, lastpresence_contacts.seen_settled, lastpresence_contacts.seen_status, lastpresence_contacts.seen_resource)) THEN excluded.seen_at ELSE lastpresence_contacts.seen_at END,
	seen_heard = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.seen_at, excluded.seen_heard, excluded.seen_settled, excluded.seen_status, excluded.seen_resource) > (lastpresence_contacts.seen_at, lastpresence_contacts.seen_heard, lastpresence_contacts.seen_settled, lastpresence_contacts.seen_status, lastpresence_contacts.seen_resource)) THEN excluded.seen_heard ELSE lastpresence_contacts.seen_heard END,
	seen_settled = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.seen_at, excluded.seen_heard, excluded.seen_settled, excluded.seen_status, excluded.seen_resource) > (lastpresence_contacts.seen_at, lastpresence_contacts.seen_heard, lastpresence_contacts.seen_settled, lastpresence_contacts.seen_status, lastpresence_contacts.seen_resource)) THEN excluded.seen_settled ELSE lastpresence_contacts.seen_settled END,
	seen_status = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.seen_at, excluded.seen_heard, excluded.seen_settled, excluded.seen_status, excluded.seen_resource) > (lastpresence_contacts.seen_at, lastpresence_contacts.seen_heard, lastpresence_contacts.seen_settled, lastpresence_contacts.seen_status, lastpresence_contacts.seen_resource)) THEN excluded.seen_status ELSE lastpresence_contacts.seen_status END,
	seen_resource = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.seen_at, excluded.seen_heard, excluded.seen_settled, excluded.seen_status, excluded.seen_resource) > (lastpresence_contacts.seen_at, lastpresence_contacts.seen_heard, lastpresence_contacts.seen_settled, lastpresence_contacts.seen_status, lastpresence_contacts.seen_resource)) THEN excluded.seen_resource ELSE lastpresence_contacts.seen_resource END,
	active_at = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.active_at, excluded.active_heard, excluded.active_settled, excluded.active_status, excluded.active_resource) > (lastpresence_contacts.active_at, lastpresence_contacts.active_heard, lastpresence_contacts.active_settled, lastpresence_contacts.active_status, lastpresence_contacts.active_resource)) THEN excluded.active_at ELSE lastpresence_contacts.active_at END,
	active_heard = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.active_at, excluded.active_heard, excluded.active_settled, excluded.active_status, excluded.active_resource) > (lastpresence_contacts.active_at, lastpresence_contacts.active_heard, lastpresence_contacts.active_settled, lastpresence_contacts.active_status, lastpresence_contacts.active_resource)) THEN excluded.active_heard ELSE lastpresence_contacts.active_heard END,
	active_settled = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.active_at, excluded.active_heard, excluded.active_settled, excluded.active_status, excluded.active_resource) > (lastpresence_contacts.active_at, lastpresence_contacts.active_heard, lastpresence_contacts.active_settled, lastpresence_contacts.active_status, lastpresence_contacts.active_resource)) THEN excluded.active_settled ELSE lastpresence_contacts.active_settled END,
	active_status = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.active_at, excluded.active_heard, excluded.active_settled, excluded.active_status, excluded.active_resource) > (lastpresence_contacts.active_at, lastpresence_contacts.active_heard, lastpresence_contacts.active_settled, lastpresence_contacts.active_status, lastpresence_contacts.active_resource)) THEN excluded.active_status ELSE lastpresence_contacts.active_status END,
	active_resource = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.active_at, excluded.active_heard, excluded.active_settled, excluded.active_status, excluded.active_resource) > (lastpresence_contacts.active_at, lastpresence_contacts.active_heard, lastpresence_contacts.active_settled, lastpresence_contacts.active_status, lastpresence_contacts.active_resource)) THEN excluded.active_resource ELSE lastpresence_contacts.active_resource END,
	said_at = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.said_at, excluded.said_heard, excluded.said_settled, excluded.said_status, excluded.said_resource) > (lastpresence_contacts.said_at, lastpresence_contacts.said_heard, lastpresence_contacts.said_settled, lastpresence_contacts.said_status, lastpresence_contacts.said_resource)) THEN excluded.said_at ELSE lastpresence_contacts.said_at END,
	said_heard = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.said_at, excluded.said_heard, excluded.said_settled, excluded.said_status, excluded.said_resource) > (lastpresence_contacts.said_at, lastpresence_contacts.said_heard, lastpresence_contacts.said_settled, lastpresence_contacts.said_status, lastpresence_contacts.said_resource)) THEN excluded.said_heard ELSE lastpresence_contacts.said_heard END,
	said_settled = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.said_at, excluded.said_heard, excluded.said_settled, excluded.said_status, excluded.said_resource) > (lastpresence_contacts.said_at, lastpresence_contacts.said_heard, lastpresence_contacts.said_settled, lastpresence_contacts.said_status, lastpresence_contacts.said_resource)) THEN excluded.said_settled ELSE lastpresence_contacts.said_settled END,
	said_status = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.said_at, excluded.said_heard, excluded.said_settled, excluded.said_status, excluded.said_resource) > (lastpresence_contacts.said_at, lastpresence_contacts.said_heard, lastpresence_contacts.said_settled, lastpresence_contacts.said_status, lastpresence_contacts.said_resource)) THEN excluded.said_status ELSE lastpresence_contacts.said_status END,
	said_resource = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.said_at, excluded.said_heard, excluded.said_settled, excluded.said_status, excluded.said_resource) > (lastpresence_contacts.said_at, lastpresence_contacts.said_heard, lastpresence_contacts.said_settled, lastpresence_contacts.said_status, lastpresence_contacts.said_resource)) THEN excluded.said_resource ELSE lastpresence_contacts.said_resource END,
	online = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.online) > (lastpresence_contacts.online)) THEN excluded.online ELSE lastpresence_contacts.online END,
	asked = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.asked) > (lastpresence_contacts.asked)) THEN excluded.asked ELSE lastpresence_contacts.asked END,
	learnt = CASE WHEN (excluded.since) > (lastpresence_contacts.since) OR (excluded.since = lastpresence_contacts.since AND (excluded.learnt) > (lastpresence_contacts.learnt)) THEN excluded.learnt ELSE lastpresence_contacts.learnt END;

SELECT jid, listed, subscription, name, groups, ask, approved, since, seen_at, seen_heard, seen_settled, seen_status, seen_resource, active_at, active_heard, active_settled, active_status, active_resource, said_at, said_heard, said_settled, said_status, said_resource, online, asked, learnt FROM lastpresence_contacts WHERE account = ? ORDER BY jid;
