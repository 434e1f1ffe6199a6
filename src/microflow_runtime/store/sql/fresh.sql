-- The tables as the migrations make them, for a store that is new: Alembic takes half a second to load.
-- A test makes both and compares; its failure prints what this file has to hold.

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE user_account (
	username VARCHAR(128) NOT NULL,
	created_at BIGINT NOT NULL,
	password_hash TEXT,
	disabled BOOLEAN NOT NULL,
	service_account BOOLEAN NOT NULL,
	th_firstname TEXT NOT NULL,
	th_lastname TEXT NOT NULL,
	en_firstname TEXT NOT NULL,
	en_lastname TEXT NOT NULL,
	email TEXT NOT NULL,
	mobile_number TEXT NOT NULL,
	CONSTRAINT pk_user_account PRIMARY KEY (username)
);

CREATE TABLE role (
	role_id INTEGER NOT NULL,
	name VARCHAR(128) NOT NULL,
	CONSTRAINT pk_role PRIMARY KEY (role_id),
	CONSTRAINT uq_role_name UNIQUE (name)
);

CREATE TABLE protected_object (
	object_id INTEGER NOT NULL,
	object_type VARCHAR(64) NOT NULL,
	name TEXT NOT NULL,
	CONSTRAINT pk_protected_object PRIMARY KEY (object_id),
	CONSTRAINT uq_protected_object_object_type UNIQUE (object_type, name)
);

CREATE TABLE role_permission (
	role_id INTEGER NOT NULL,
	object_id INTEGER NOT NULL,
	access VARCHAR(64) NOT NULL,
	CONSTRAINT pk_role_permission PRIMARY KEY (role_id, object_id, access),
	CONSTRAINT fk_role_permission_role_id FOREIGN KEY(role_id) REFERENCES role (role_id) ON DELETE CASCADE,
	CONSTRAINT fk_role_permission_object_id FOREIGN KEY(object_id) REFERENCES protected_object (object_id) ON DELETE CASCADE
);

CREATE TABLE user_role (
	username VARCHAR(128) NOT NULL,
	role_id INTEGER NOT NULL,
	CONSTRAINT pk_user_role PRIMARY KEY (username, role_id),
	CONSTRAINT fk_user_role_username FOREIGN KEY(username) REFERENCES user_account (username) ON DELETE CASCADE,
	CONSTRAINT fk_user_role_role_id FOREIGN KEY(role_id) REFERENCES role (role_id) ON DELETE CASCADE
);

CREATE TABLE service_grant (
	role_id INTEGER NOT NULL,
	flow VARCHAR(512) NOT NULL,
	account VARCHAR(128) NOT NULL,
	CONSTRAINT pk_service_grant PRIMARY KEY (role_id, flow, account),
	CONSTRAINT fk_service_grant_role_id FOREIGN KEY(role_id) REFERENCES role (role_id) ON DELETE CASCADE,
	CONSTRAINT fk_service_grant_account FOREIGN KEY(account) REFERENCES user_account (username) ON DELETE CASCADE
);

CREATE TABLE client (
	system_id VARCHAR(128) NOT NULL,
	secret_hash TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_client PRIMARY KEY (system_id)
);

CREATE TABLE session (
	handle VARCHAR(64) NOT NULL,
	token_digest BLOB NOT NULL,
	id_digest BLOB,
	username VARCHAR(128) NOT NULL,
	client_id VARCHAR(128) NOT NULL,
	kind VARCHAR(16) NOT NULL,
	name TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	seen_at BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	CONSTRAINT pk_session PRIMARY KEY (handle),
	CONSTRAINT uq_session_token_digest UNIQUE (token_digest),
	CONSTRAINT uq_session_id_digest UNIQUE (id_digest),
	CONSTRAINT fk_session_username FOREIGN KEY(username) REFERENCES user_account (username) ON DELETE CASCADE
);

CREATE INDEX ix_session_username ON session (username);

CREATE INDEX ix_session_client_id ON session (client_id);

CREATE INDEX ix_session_ends_at ON session (ends_at);

CREATE TABLE login_attempt (
	"key" BLOB NOT NULL,
	failures INTEGER NOT NULL,
	last_at BIGINT NOT NULL,
	CONSTRAINT pk_login_attempt PRIMARY KEY ("key")
);

CREATE INDEX ix_login_attempt_last_at ON login_attempt (last_at);

CREATE TABLE audit (
	number INTEGER NOT NULL,
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	object_type TEXT NOT NULL,
	object_name TEXT NOT NULL,
	outcome TEXT NOT NULL,
	address TEXT NOT NULL,
	detail TEXT NOT NULL,
	hash VARCHAR(64) NOT NULL,
	CONSTRAINT pk_audit PRIMARY KEY (number)
);

CREATE TRIGGER audit_no_UPDATE BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;

CREATE TRIGGER audit_no_DELETE BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit only grows'); END;

CREATE TABLE definition (
	content_hash VARCHAR(128) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	body BLOB NOT NULL,
	CONSTRAINT pk_definition PRIMARY KEY (content_hash)
);

CREATE TABLE catalog (
	epoch INTEGER NOT NULL,
	manifest BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pk_catalog PRIMARY KEY (epoch)
);

CREATE TABLE meta (
	"key" VARCHAR(128) NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);

CREATE TABLE snapshot (
	app VARCHAR(256) NOT NULL,
	version VARCHAR(128) NOT NULL,
	kind VARCHAR(16) NOT NULL,
	base VARCHAR(128) NOT NULL,
	content_hash VARCHAR(128) NOT NULL,
	created_at BIGINT NOT NULL,
	created_by VARCHAR(128) NOT NULL,
	flows INTEGER NOT NULL,
	withdrawn_at BIGINT,
	CONSTRAINT pk_snapshot PRIMARY KEY (app, version)
);

CREATE TABLE activation (
	number INTEGER NOT NULL,
	app VARCHAR(256) NOT NULL,
	version VARCHAR(128) NOT NULL,
	at BIGINT NOT NULL,
	actor VARCHAR(128) NOT NULL,
	CONSTRAINT pk_activation PRIMARY KEY (number)
);

CREATE INDEX ix_activation_app ON activation (app, number);

CREATE TRIGGER activation_no_UPDATE BEFORE UPDATE ON activation
BEGIN SELECT RAISE(ABORT, 'the history of activations only grows'); END;

CREATE TRIGGER activation_no_DELETE BEFORE DELETE ON activation
BEGIN SELECT RAISE(ABORT, 'the history of activations only grows'); END;

CREATE TABLE execution (
	execution_id VARCHAR(64) NOT NULL,
	app VARCHAR(256) NOT NULL,
	flow VARCHAR(256) NOT NULL,
	snapshot VARCHAR(128) NOT NULL,
	epoch BIGINT NOT NULL,
	username VARCHAR(128) NOT NULL,
	status VARCHAR(16) NOT NULL,
	error TEXT NOT NULL,
	started_at BIGINT NOT NULL,
	duration_us BIGINT NOT NULL,
	search_keys BLOB NOT NULL,
	trace BLOB NOT NULL,
	CONSTRAINT pk_execution PRIMARY KEY (execution_id)
);

CREATE INDEX ix_execution_started_at ON execution (started_at, execution_id);

CREATE INDEX ix_execution_flow ON execution (app, flow, started_at, execution_id);

CREATE INDEX ix_execution_username ON execution (username, started_at, execution_id);

CREATE INDEX ix_execution_failed ON execution (started_at, execution_id) WHERE status = 'ERROR';

CREATE TABLE execution_key (
	name VARCHAR(128) NOT NULL,
	value VARCHAR(256) NOT NULL,
	started_at BIGINT NOT NULL,
	execution_id VARCHAR(64) NOT NULL,
	CONSTRAINT pk_execution_key PRIMARY KEY (name, value, started_at, execution_id)
);

CREATE TABLE idempotency_key (
	scope VARCHAR(256) NOT NULL,
	"key" VARCHAR(256) NOT NULL,
	digest BLOB NOT NULL,
	execution_id VARCHAR(64) NOT NULL,
	lease_ends_at BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	reply BLOB,
	CONSTRAINT pk_idempotency_key PRIMARY KEY (scope, "key")
);

CREATE INDEX ix_idempotency_key_ends_at ON idempotency_key (ends_at);

CREATE TABLE cached_value (
	space VARCHAR(256) NOT NULL,
	"key" VARCHAR(256) NOT NULL,
	value BLOB NOT NULL,
	ends_at BIGINT NOT NULL,
	CONSTRAINT pk_cached_value PRIMARY KEY (space, "key")
);

CREATE INDEX ix_cached_value_ends_at ON cached_value (ends_at);

CREATE TABLE app_grant (
	app VARCHAR(256) NOT NULL,
	kind VARCHAR(16) NOT NULL,
	name VARCHAR(512) NOT NULL,
	created_at BIGINT NOT NULL,
	created_by VARCHAR(128) NOT NULL,
	CONSTRAINT pk_app_grant PRIMARY KEY (app, kind, name)
);

INSERT INTO alembic_version (version_num) VALUES ('0005');
