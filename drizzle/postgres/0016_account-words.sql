CREATE INDEX "accounts_blocked_index" ON "accounts" USING btree ("domain","id") WHERE blocked;--> statement-breakpoint
CREATE INDEX "accounts_inactive_index" ON "accounts" USING btree ("domain","id") WHERE not activated;
--> statement-breakpoint
DROP INDEX accounts_username_trigrams_index;
--> statement-breakpoint
CREATE INDEX accounts_trigrams_index ON accounts
USING gin (username gin_trgm_ops, display_name gin_trgm_ops, email gin_trgm_ops, phone gin_trgm_ops);
