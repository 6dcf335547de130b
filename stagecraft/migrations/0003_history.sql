-- What identifies the thing for good, so that its history outlives its name; empty in rows that are older than this.
ALTER TABLE revisions ADD COLUMN thing TEXT NOT NULL DEFAULT '';
CREATE INDEX revisions_by_thing ON revisions (kind, thing, at);
