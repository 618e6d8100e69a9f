ALTER TABLE "space_email_servers" ADD COLUMN "encryption" text;--> statement-breakpoint
ALTER TABLE "space_email_servers" ADD COLUMN "verify_certificate" boolean;--> statement-breakpoint
ALTER TABLE "spaces" ADD COLUMN "purge_at" timestamp (3) with time zone;