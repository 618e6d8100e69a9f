ALTER TABLE "accounts" ADD COLUMN "switched_off" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "self_registered" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "accounts_administrators_index" ON "accounts" USING btree ("domain") WHERE admin;
--> statement-breakpoint
UPDATE accounts SET self_registered = true WHERE NOT activated
  AND NOT EXISTS (SELECT 1 FROM account_creation_tokens t WHERE t.account_id = accounts.id)
  AND (EXISTS (SELECT 1 FROM email_change_codes c WHERE c.account_id = accounts.id)
    OR EXISTS (SELECT 1 FROM phone_change_codes c WHERE c.account_id = accounts.id));
