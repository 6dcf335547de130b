-- On what terms the records of a data set may be used, where they are others than those of the site.
ALTER TABLE data_sets ADD COLUMN licence TEXT NOT NULL DEFAULT '';
ALTER TABLE data_sets ADD COLUMN licence_url TEXT NOT NULL DEFAULT '';
