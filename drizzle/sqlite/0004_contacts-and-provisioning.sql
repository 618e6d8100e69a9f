CREATE TABLE `account_account_type` (
	`account_id` integer NOT NULL,
	`account_type_id` integer NOT NULL,
	`created_at` integer,
	`updated_at` integer,
	PRIMARY KEY(`account_id`, `account_type_id`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`account_type_id`) REFERENCES `account_types`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `account_account_type_type_id_index` ON `account_account_type` (`account_type_id`);--> statement-breakpoint
CREATE TABLE `account_actions` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`key` text NOT NULL,
	`code` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `account_actions_account_id_index` ON `account_actions` (`account_id`);--> statement-breakpoint
CREATE TABLE `account_carddav_credentials` (
	`account_id` integer NOT NULL,
	`space_carddav_server_id` integer NOT NULL,
	`username` text NOT NULL,
	`password` text NOT NULL,
	`realm` text NOT NULL,
	`algorithm` text DEFAULT 'MD5' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `space_carddav_server_id`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`space_carddav_server_id`) REFERENCES `space_carddav_servers`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `account_carddav_credentials_server_id_index` ON `account_carddav_credentials` (`space_carddav_server_id`);--> statement-breakpoint
CREATE TABLE `account_contacts_list` (
	`account_id` integer NOT NULL,
	`contacts_list_id` integer NOT NULL,
	`created_at` integer,
	`updated_at` integer,
	PRIMARY KEY(`account_id`, `contacts_list_id`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`contacts_list_id`) REFERENCES `contacts_lists`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `account_contacts_list_list_id_index` ON `account_contacts_list` (`contacts_list_id`);--> statement-breakpoint
CREATE TABLE `account_types` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer,
	`key` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `account_types_space_id_key_unique` ON `account_types` (`space_id`,`key`);--> statement-breakpoint
CREATE UNIQUE INDEX `account_types_platform_key_unique` ON `account_types` (`key`) WHERE space_id is null;--> statement-breakpoint
CREATE TABLE `contacts` (
	`account_id` integer NOT NULL,
	`contact_id` integer NOT NULL,
	`created_at` integer,
	`updated_at` integer,
	PRIMARY KEY(`account_id`, `contact_id`),
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`contact_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `contacts_contact_id_index` ON `contacts` (`contact_id`);--> statement-breakpoint
CREATE TABLE `contacts_list_contact` (
	`contacts_list_id` integer NOT NULL,
	`contact_id` integer NOT NULL,
	`created_at` integer,
	`updated_at` integer,
	PRIMARY KEY(`contacts_list_id`, `contact_id`),
	FOREIGN KEY (`contacts_list_id`) REFERENCES `contacts_lists`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`contact_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `contacts_list_contact_contact_id_index` ON `contacts_list_contact` (`contact_id`);--> statement-breakpoint
CREATE TABLE `contacts_lists` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer NOT NULL,
	`title` text NOT NULL,
	`description` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `contacts_lists_space_id_title_unique` ON `contacts_lists` (`space_id`,`title`);--> statement-breakpoint
CREATE TABLE `external_accounts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`username` text NOT NULL,
	`domain` text NOT NULL,
	`password` text NOT NULL,
	`algorithm` text DEFAULT 'MD5' NOT NULL,
	`realm` text,
	`registrar` text,
	`outbound_proxy` text,
	`protocol` text DEFAULT 'UDP' NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `external_accounts_username_domain_unique` ON `external_accounts` (`username`,`domain`);--> statement-breakpoint
CREATE UNIQUE INDEX `external_accounts_account_id_unique` ON `external_accounts` (`account_id`);--> statement-breakpoint
CREATE TABLE `space_carddav_servers` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer NOT NULL,
	`enabled` integer DEFAULT true NOT NULL,
	`uri` text NOT NULL,
	`min_characters` integer DEFAULT 3 NOT NULL,
	`results_limit` integer DEFAULT 0 NOT NULL,
	`timeout` integer DEFAULT 5 NOT NULL,
	`delay` integer DEFAULT 500 NOT NULL,
	`fields_for_user_input` text,
	`fields_for_domain` text,
	`use_exact_match_policy` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `space_carddav_servers_space_id_index` ON `space_carddav_servers` (`space_id`);--> statement-breakpoint
CREATE TABLE `vcards_storage` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`uuid` text NOT NULL,
	`vcard` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `vcards_storage_account_id_uuid_unique` ON `vcards_storage` (`account_id`,`uuid`);--> statement-breakpoint
CREATE TABLE `wizards` (
	`token` text PRIMARY KEY NOT NULL,
	`space_id` integer,
	`account_id` integer NOT NULL,
	`provisioning_account_id` integer,
	`sip` text,
	`linphone_action` text,
	`linphone_use_sips` integer,
	`used_at` integer,
	`expires_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`provisioning_account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `wizards_account_id_index` ON `wizards` (`account_id`);--> statement-breakpoint
CREATE INDEX `wizards_provisioning_account_id_index` ON `wizards` (`provisioning_account_id`);--> statement-breakpoint
CREATE INDEX `wizards_space_id_index` ON `wizards` (`space_id`);--> statement-breakpoint
CREATE INDEX `wizards_created_at_index` ON `wizards` (`created_at`);