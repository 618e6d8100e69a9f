DROP INDEX "accounts_domain_email_index";--> statement-breakpoint
CREATE INDEX "accounts_domain_folded_email_index" ON "accounts" USING btree ("domain",lower(email collate "C"));