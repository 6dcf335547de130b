-- Only TEXT and BIGINT, so that one layout serves SQLite and PostgreSQL: truth values are 0 and 1, identifiers, times
-- (RFC 3339, UTC) and JSON are text. References are checked when a transaction ends, so that rows may come in any order.

-- Counts the changes; one row.
CREATE TABLE registry_version (version BIGINT NOT NULL);
INSERT INTO registry_version (version) VALUES (1);

CREATE TABLE data_groups (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE data_types (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL
);

CREATE TABLE data_sets (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    data_group_id BIGINT NOT NULL REFERENCES data_groups (id) DEFERRABLE INITIALLY DEFERRED,
    data_type_id BIGINT NOT NULL REFERENCES data_types (id) DEFERRABLE INITIALLY DEFERRED,
    bearer_token TEXT NOT NULL,
    raw_queries_allowed BIGINT NOT NULL,
    queryable BIGINT NOT NULL,
    published BIGINT NOT NULL,
    realtime BIGINT NOT NULL,
    capped_size BIGINT,
    max_age_expected BIGINT,
    auto_ids TEXT NOT NULL,
    upload_format TEXT NOT NULL,
    upload_filters TEXT NOT NULL,
    record_schema TEXT,
    owners TEXT NOT NULL,
    created_at TEXT NOT NULL,
    modified_at TEXT NOT NULL,
    UNIQUE (data_group_id, data_type_id)
);

CREATE TABLE dashboards (
    slug TEXT PRIMARY KEY,
    definition TEXT NOT NULL
);

-- People who may own things, known by their e-mail addresses.
CREATE TABLE users (
    id BIGINT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE
);

-- Tokens of people and programs. The token itself is not kept, only its SHA-256.
CREATE TABLE access_tokens (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    uid TEXT,
    roles TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT
);
