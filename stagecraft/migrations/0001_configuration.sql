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

CREATE TABLE node_types (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- The organisation. `parents` is a JSON list of the identifiers of other nodes.
CREATE TABLE nodes (
    id TEXT PRIMARY KEY,
    type_id TEXT NOT NULL REFERENCES node_types (id) DEFERRABLE INITIALLY DEFERRED,
    name TEXT NOT NULL,
    abbreviation TEXT,
    slug TEXT NOT NULL,
    parents TEXT NOT NULL,
    UNIQUE (name, slug, type_id)
);

CREATE TABLE module_types (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    option_schema TEXT NOT NULL
);

CREATE TABLE dashboards (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    texts TEXT NOT NULL,
    improve_dashboard_message BIGINT NOT NULL,
    organisation_id TEXT REFERENCES nodes (id) DEFERRABLE INITIALLY DEFERRED,
    links TEXT NOT NULL,
    owners TEXT NOT NULL
);

CREATE TABLE modules (
    id TEXT PRIMARY KEY,
    type_id TEXT NOT NULL REFERENCES module_types (id) DEFERRABLE INITIALLY DEFERRED,
    dashboard_id TEXT NOT NULL REFERENCES dashboards (id) DEFERRABLE INITIALLY DEFERRED,
    parent_id TEXT REFERENCES modules (id) DEFERRABLE INITIALLY DEFERRED,
    data_set_id BIGINT REFERENCES data_sets (id) DEFERRABLE INITIALLY DEFERRED,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    info TEXT,
    options TEXT NOT NULL,
    query_parameters TEXT,
    place BIGINT NOT NULL
);
CREATE INDEX modules_of_dashboard ON modules (dashboard_id, slug);

CREATE TABLE transform_types (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    task TEXT NOT NULL UNIQUE,
    option_schema TEXT NOT NULL
);

CREATE TABLE transforms (
    id TEXT PRIMARY KEY,
    type_id TEXT NOT NULL REFERENCES transform_types (id) DEFERRABLE INITIALLY DEFERRED,
    input_group_id BIGINT REFERENCES data_groups (id) DEFERRABLE INITIALLY DEFERRED,
    input_type_id BIGINT NOT NULL REFERENCES data_types (id) DEFERRABLE INITIALLY DEFERRED,
    query_parameters TEXT NOT NULL,
    options TEXT NOT NULL,
    output_group_id BIGINT REFERENCES data_groups (id) DEFERRABLE INITIALLY DEFERRED,
    output_type_id BIGINT NOT NULL REFERENCES data_types (id) DEFERRABLE INITIALLY DEFERRED,
    owners TEXT NOT NULL
);

CREATE TABLE providers (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    credentials_schema TEXT NOT NULL
);

CREATE TABLE data_sources (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    provider_id TEXT NOT NULL REFERENCES providers (id) DEFERRABLE INITIALLY DEFERRED,
    encrypted_credentials TEXT NOT NULL,
    owners TEXT NOT NULL
);

CREATE TABLE collector_types (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    provider_id TEXT NOT NULL REFERENCES providers (id) DEFERRABLE INITIALLY DEFERRED,
    entry_point TEXT NOT NULL UNIQUE,
    query_schema TEXT NOT NULL,
    options_schema TEXT NOT NULL
);

CREATE TABLE collectors (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    type_id TEXT NOT NULL REFERENCES collector_types (id) DEFERRABLE INITIALLY DEFERRED,
    data_source_id TEXT NOT NULL REFERENCES data_sources (id) DEFERRABLE INITIALLY DEFERRED,
    data_set_id BIGINT NOT NULL REFERENCES data_sets (id) DEFERRABLE INITIALLY DEFERRED,
    query TEXT NOT NULL,
    options TEXT NOT NULL,
    owners TEXT NOT NULL
);

-- What a change left behind: one row a thing, null where it was removed.
CREATE TABLE revisions (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    author TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    snapshot TEXT NOT NULL
);
CREATE INDEX revisions_of_thing ON revisions (kind, name, at);

-- Work to be done once: `state` is waiting, running, done or failed.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    argument TEXT NOT NULL,
    state TEXT NOT NULL,
    queued_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    outcome TEXT
);
CREATE INDEX jobs_by_state ON jobs (state, queued_at);
