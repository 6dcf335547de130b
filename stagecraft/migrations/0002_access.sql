-- Who people are: what they may do, how they prove it, and what was done.

ALTER TABLE users ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
ALTER TABLE users ADD COLUMN password_hash TEXT;
-- The issuer and the subject that a single sign-on service knows the user by.
ALTER TABLE users ADD COLUMN sign_on TEXT;

ALTER TABLE access_tokens ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT '[]';

-- The token before the present one, and until when it is still good.
ALTER TABLE data_sets ADD COLUMN previous_token TEXT;
ALTER TABLE data_sets ADD COLUMN previous_token_until TEXT;

-- For how many days records are kept, by their own time.
ALTER TABLE data_sets ADD COLUMN retention_days BIGINT;

-- Using a token is no change of the configuration, so it is noted apart from it.
CREATE TABLE token_uses (
    token_id TEXT PRIMARY KEY,
    last_used_at TEXT NOT NULL
);

-- People who are signed in. What the browser holds is not kept, only its SHA-256.
CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    form_token TEXT NOT NULL,
    started_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (email);

-- What was done and refused, by whom and from where; `times` counts what happened alike within a minute.
CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    credential TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    status BIGINT NOT NULL,
    times BIGINT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX audit_log_by_time ON audit_log (at);
