CREATE TABLE `captcha_answers` (
	`answer` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `captcha_answers_expires_at_index` ON `captcha_answers` (`expires_at`);--> statement-breakpoint
ALTER TABLE `account_confirmation_keys` ADD `sealed` text;--> statement-breakpoint
ALTER TABLE `account_confirmation_keys` ADD `used` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `provisioning_tokens` ADD `sealed` text;--> statement-breakpoint
-- run: hash-tokens
