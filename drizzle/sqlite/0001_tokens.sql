CREATE TABLE `account_confirmation_keys` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`key` text NOT NULL,
	`expires_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `account_confirmation_keys_account_id_unique` ON `account_confirmation_keys` (`account_id`);--> statement-breakpoint
CREATE INDEX `account_confirmation_keys_key_index` ON `account_confirmation_keys` (`key`);--> statement-breakpoint
CREATE TABLE `account_creation_request_tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer,
	`token` text NOT NULL,
	`used` integer DEFAULT false NOT NULL,
	`validated_at` integer,
	`acc_creation_token_id` integer,
	`ip` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`acc_creation_token_id`) REFERENCES `account_creation_tokens`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `account_creation_request_tokens_token_unique` ON `account_creation_request_tokens` (`token`);--> statement-breakpoint
CREATE TABLE `account_creation_tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer,
	`token` text NOT NULL,
	`pn_provider` text,
	`pn_param` text,
	`pn_prid` text,
	`used` integer DEFAULT false NOT NULL,
	`account_id` integer,
	`ip` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `account_creation_tokens_token_unique` ON `account_creation_tokens` (`token`);--> statement-breakpoint
CREATE INDEX `account_creation_tokens_device_index` ON `account_creation_tokens` (`pn_provider`,`pn_param`,`pn_prid`);--> statement-breakpoint
CREATE INDEX `account_creation_tokens_account_id_index` ON `account_creation_tokens` (`account_id`);--> statement-breakpoint
CREATE TABLE `account_recovery_tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer,
	`token` text NOT NULL,
	`pn_provider` text NOT NULL,
	`pn_param` text NOT NULL,
	`pn_prid` text NOT NULL,
	`used` integer DEFAULT false NOT NULL,
	`account_id` integer,
	`ip` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `account_recovery_tokens_token_unique` ON `account_recovery_tokens` (`token`);--> statement-breakpoint
CREATE INDEX `account_recovery_tokens_device_index` ON `account_recovery_tokens` (`pn_provider`,`pn_param`,`pn_prid`);--> statement-breakpoint
CREATE TABLE `auth_tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer,
	`account_id` integer,
	`token` text NOT NULL,
	`ip` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `auth_tokens_token_unique` ON `auth_tokens` (`token`);--> statement-breakpoint
CREATE INDEX `auth_tokens_created_at_index` ON `auth_tokens` (`created_at`);