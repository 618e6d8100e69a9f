CREATE TABLE `voicemails` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`uuid` text NOT NULL,
	`account_id` integer,
	`space_id` integer,
	`content_type` text NOT NULL,
	`sip_from` text,
	`name` text,
	`size` integer,
	`duration_seconds` integer,
	`stored_as` text,
	`uploaded_at` integer,
	`mailed_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE UNIQUE INDEX `voicemails_uuid_unique` ON `voicemails` (`uuid`);--> statement-breakpoint
CREATE INDEX `voicemails_account_id` ON `voicemails` (`account_id`,`id`);--> statement-breakpoint
CREATE INDEX `voicemails_space_id` ON `voicemails` (`space_id`,`size`);--> statement-breakpoint
CREATE UNIQUE INDEX `voicemails_stored_as_unique` ON `voicemails` (`stored_as`);--> statement-breakpoint
ALTER TABLE `spaces` ADD `max_voicemail_bytes` integer DEFAULT 0 NOT NULL;