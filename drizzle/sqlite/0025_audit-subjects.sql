CREATE INDEX `audit_log_subject_id_index` ON `audit_log` (`subject_id`);--> statement-breakpoint
-- What SQLite had counted in tables that were almost empty had it read them whole once they had grown.
DROP TABLE IF EXISTS sqlite_stat1;--> statement-breakpoint
DROP TABLE IF EXISTS sqlite_stat4;
