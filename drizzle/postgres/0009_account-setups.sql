CREATE TABLE "account_setups" (
	"account_id" integer PRIMARY KEY NOT NULL,
	"identity" text,
	"registrar" text,
	"moved" boolean DEFAULT false NOT NULL,
	"beside" boolean DEFAULT false NOT NULL,
	"line" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "account_setups" ADD CONSTRAINT "account_setups_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
INSERT INTO account_setups (account_id, line, created_at, updated_at)
  SELECT t.account_id, exists (SELECT 1 FROM external_accounts e WHERE e.account_id = t.account_id), min(t.created_at), max(t.updated_at)
  FROM provisioning_tokens t WHERE t.used GROUP BY t.account_id;
