CREATE EXTENSION IF NOT EXISTS pg_trgm;
--> statement-breakpoint
CREATE INDEX accounts_username_trigrams_index ON accounts USING gin (username gin_trgm_ops);
