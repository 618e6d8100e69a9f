CREATE TABLE `email_change_codes` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`email` text NOT NULL,
	`hash` text,
	`previous_email` text,
	`undo_hash` text,
	`code` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`confirmed_at` integer,
	`ip` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `email_change_codes_account_id_index` ON `email_change_codes` (`account_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `email_change_codes_pending_index` ON `email_change_codes` (`account_id`) WHERE code is not null;--> statement-breakpoint
CREATE UNIQUE INDEX `email_change_codes_hash_unique` ON `email_change_codes` (`hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `email_change_codes_undo_hash_unique` ON `email_change_codes` (`undo_hash`);--> statement-breakpoint
CREATE INDEX `email_change_codes_created_at_index` ON `email_change_codes` (`created_at`);--> statement-breakpoint
CREATE TABLE `job_runs` (
	`name` text PRIMARY KEY NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`outcome` text
);
--> statement-breakpoint
CREATE TABLE `leases` (
	`name` text PRIMARY KEY NOT NULL,
	`holder` text NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `outbox_messages` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`channel` text NOT NULL,
	`kind` text NOT NULL,
	`space_id` integer,
	`account_id` integer,
	`recipient` text NOT NULL,
	`language` text NOT NULL,
	`data` text,
	`dedup_key` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`not_before` integer NOT NULL,
	`expires_at` integer,
	`leased_until` integer,
	`last_error` text,
	`sent_at` integer,
	`dead_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE UNIQUE INDEX `outbox_messages_dedup_key_unique` ON `outbox_messages` (`dedup_key`);--> statement-breakpoint
CREATE INDEX `outbox_messages_waiting_index` ON `outbox_messages` (`not_before`) WHERE sent_at is null and dead_at is null;--> statement-breakpoint
CREATE INDEX `outbox_messages_account_id_index` ON `outbox_messages` (`account_id`);--> statement-breakpoint
CREATE INDEX `outbox_messages_space_id_index` ON `outbox_messages` (`space_id`);--> statement-breakpoint
CREATE TABLE `phone_change_codes` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`phone` text NOT NULL,
	`code` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`confirmed_at` integer,
	`ip` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `phone_change_codes_account_id_index` ON `phone_change_codes` (`account_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `phone_change_codes_pending_index` ON `phone_change_codes` (`account_id`) WHERE code is not null;--> statement-breakpoint
CREATE INDEX `phone_change_codes_phone_index` ON `phone_change_codes` (`phone`);--> statement-breakpoint
CREATE INDEX `phone_change_codes_created_at_index` ON `phone_change_codes` (`created_at`);--> statement-breakpoint
CREATE TABLE `recovery_codes` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer NOT NULL,
	`account_id` integer,
	`phone` text,
	`email` text,
	`flow` text NOT NULL,
	`code` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`confirmed_at` integer,
	`ip` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `recovery_codes_flow_unique` ON `recovery_codes` (`flow`);--> statement-breakpoint
CREATE INDEX `recovery_codes_account_id_index` ON `recovery_codes` (`account_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `recovery_codes_space_id_index` ON `recovery_codes` (`space_id`);--> statement-breakpoint
CREATE INDEX `recovery_codes_phone_index` ON `recovery_codes` (`phone`);--> statement-breakpoint
CREATE INDEX `recovery_codes_created_at_index` ON `recovery_codes` (`created_at`);--> statement-breakpoint
CREATE TABLE `reset_password_email_tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`token` text NOT NULL,
	`used` integer DEFAULT false NOT NULL,
	`email` text NOT NULL,
	`ip` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reset_password_email_tokens_token_unique` ON `reset_password_email_tokens` (`token`);--> statement-breakpoint
CREATE INDEX `reset_password_email_tokens_account_id_index` ON `reset_password_email_tokens` (`account_id`);--> statement-breakpoint
CREATE INDEX `reset_password_email_tokens_created_at_index` ON `reset_password_email_tokens` (`created_at`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`token` text NOT NULL,
	`kind` text NOT NULL,
	`ip` text,
	`user_agent` text,
	`last_used_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_token_unique` ON `sessions` (`token`);--> statement-breakpoint
CREATE INDEX `sessions_account_id_index` ON `sessions` (`account_id`);--> statement-breakpoint
CREATE INDEX `sessions_expires_at_index` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `space_email_servers` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer NOT NULL,
	`host` text NOT NULL,
	`port` integer NOT NULL,
	`username` text,
	`password` text,
	`from_address` text,
	`from_name` text,
	`signature` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `space_email_servers_space_id_unique` ON `space_email_servers` (`space_id`);--> statement-breakpoint
ALTER TABLE `accounts` ADD `locale` text;--> statement-breakpoint
ALTER TABLE `spaces` ADD `locale` text;