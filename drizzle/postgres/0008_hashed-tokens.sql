CREATE TABLE "captcha_answers" (
	"answer" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "account_confirmation_keys" ADD COLUMN "sealed" text;--> statement-breakpoint
ALTER TABLE "account_confirmation_keys" ADD COLUMN "used" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "provisioning_tokens" ADD COLUMN "sealed" text;--> statement-breakpoint
CREATE INDEX "captcha_answers_expires_at_index" ON "captcha_answers" USING btree ("expires_at");--> statement-breakpoint
-- run: hash-tokens
