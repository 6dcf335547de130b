-- Jobs that are about the same thing are put together while they wait, are taken for a time only, and are tried again.

ALTER TABLE jobs ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN earliest TEXT;
ALTER TABLE jobs ADD COLUMN latest TEXT;
ALTER TABLE jobs ADD COLUMN depth BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN due_at TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN leased_until TEXT;
UPDATE jobs SET due_at = queued_at;
UPDATE jobs SET leased_until = queued_at WHERE state = 'running';
CREATE UNIQUE INDEX waiting_jobs_by_subject ON jobs (kind, subject) WHERE state = 'waiting' AND subject <> '';
CREATE UNIQUE INDEX running_jobs_by_subject ON jobs (kind, subject) WHERE state = 'running' AND subject <> '';
CREATE INDEX jobs_by_subject ON jobs (kind, subject, state);
