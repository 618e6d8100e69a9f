CREATE TABLE `account_blocks` (
	`domain` text NOT NULL,
	`block` integer NOT NULL,
	`accounts` integer NOT NULL,
	PRIMARY KEY(`domain`, `block`)
);
--> statement-breakpoint
CREATE TABLE `account_dictionary_entries` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `account_dictionary_entries_account_id_key_unique` ON `account_dictionary_entries` (`account_id`,`key`);--> statement-breakpoint
CREATE TABLE `accounts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`username` text NOT NULL,
	`domain` text NOT NULL,
	`email` text,
	`phone` text,
	`display_name` text,
	`dtmf_protocol` text,
	`activated` integer DEFAULT false NOT NULL,
	`blocked` integer DEFAULT false NOT NULL,
	`admin` integer DEFAULT false NOT NULL,
	`ip_address` text NOT NULL,
	`user_agent` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`domain`) REFERENCES `spaces`(`domain`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `accounts_username_domain_unique` ON `accounts` (`username`,`domain`);--> statement-breakpoint
CREATE UNIQUE INDEX `accounts_domain_phone_unique` ON `accounts` (`domain`,`phone`) WHERE phone is not null;--> statement-breakpoint
CREATE INDEX `accounts_domain_id_index` ON `accounts` (`domain`,`id`);--> statement-breakpoint
CREATE INDEX `accounts_domain_email_index` ON `accounts` (`domain`,`email`);--> statement-breakpoint
CREATE TABLE `accounts_tombstones` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`username` text NOT NULL,
	`domain` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `accounts_tombstones_username_domain_unique` ON `accounts_tombstones` (`username`,`domain`);--> statement-breakpoint
CREATE INDEX `accounts_tombstones_created_at_index` ON `accounts_tombstones` (`created_at`);--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`key` text NOT NULL,
	`name` text,
	`ip` text,
	`requests` integer DEFAULT 0 NOT NULL,
	`last_used_at` integer NOT NULL,
	`expires_after_last_used_minutes` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_key_unique` ON `api_keys` (`key`);--> statement-breakpoint
CREATE INDEX `api_keys_account_id_index` ON `api_keys` (`account_id`);--> statement-breakpoint
CREATE TABLE `nonces` (
	`nonce` text PRIMARY KEY NOT NULL,
	`nc` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `nonces_expires_at_index` ON `nonces` (`expires_at`);--> statement-breakpoint
CREATE TABLE `passwords` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`password` text NOT NULL,
	`algorithm` text DEFAULT 'MD5' NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `passwords_account_id_algorithm_unique` ON `passwords` (`account_id`,`algorithm`);--> statement-breakpoint
CREATE TABLE `phone_countries` (
	`code` text PRIMARY KEY NOT NULL,
	`country_code` text NOT NULL,
	`activated` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `phone_countries_country_code_index` ON `phone_countries` (`country_code`);--> statement-breakpoint
CREATE TABLE `provisioning_tokens` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`token` text NOT NULL,
	`used` integer DEFAULT false NOT NULL,
	`ip` text,
	`user_agent` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `provisioning_tokens_token_unique` ON `provisioning_tokens` (`token`);--> statement-breakpoint
CREATE INDEX `provisioning_tokens_account_id_index` ON `provisioning_tokens` (`account_id`,`id`);--> statement-breakpoint
CREATE TABLE `space_digest_authentication_configurations` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer NOT NULL,
	`realm` text,
	`default_password_algorithm` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `space_digest_authentication_configurations_space_id_unique` ON `space_digest_authentication_configurations` (`space_id`);--> statement-breakpoint
CREATE TABLE `spaces` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`domain` text NOT NULL,
	`host` text NOT NULL,
	`name` text NOT NULL,
	`super` integer DEFAULT false NOT NULL,
	`max_accounts` integer DEFAULT 0 NOT NULL,
	`max_account` integer DEFAULT 0 NOT NULL,
	`expire_at` integer,
	`unique_email` integer DEFAULT false NOT NULL,
	`account_proxy_registrar_address` text,
	`custom_provisioning_entries` text,
	`custom_provisioning_overwrite_all` integer DEFAULT false NOT NULL,
	`provisioning_use_linphone_provisioning_header` integer DEFAULT false NOT NULL,
	`disable_broadcast_feature` integer DEFAULT true NOT NULL,
	`disable_chat_feature` integer DEFAULT false NOT NULL,
	`disable_meetings_feature` integer DEFAULT false NOT NULL,
	`disable_call_recordings_feature` integer DEFAULT false NOT NULL,
	`hide_settings` integer DEFAULT false NOT NULL,
	`hide_account_settings` integer DEFAULT false NOT NULL,
	`only_display_sip_uri_username` integer DEFAULT false NOT NULL,
	`assistant_hide_create_account` integer DEFAULT false NOT NULL,
	`assistant_disable_qr_code` integer DEFAULT false NOT NULL,
	`assistant_hide_third_party_account` integer DEFAULT false NOT NULL,
	`web_panel` integer DEFAULT true NOT NULL,
	`public_registration` integer DEFAULT true NOT NULL,
	`phone_registration` integer DEFAULT true NOT NULL,
	`intercom_features` integer DEFAULT false NOT NULL,
	`carddav_user_credentials` integer DEFAULT false NOT NULL,
	`client_certificate_authentication` integer DEFAULT false NOT NULL,
	`newsletter_registration_address` text,
	`copyright_text` text,
	`intro_registration_text` text,
	`theme_hue` integer,
	`logo` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `spaces_domain_unique` ON `spaces` (`domain`);--> statement-breakpoint
CREATE UNIQUE INDEX `spaces_host_unique` ON `spaces` (`host`);--> statement-breakpoint
CREATE UNIQUE INDEX `spaces_name_unique` ON `spaces` (`name`);--> statement-breakpoint
CREATE TRIGGER account_blocks_of_inserts AFTER INSERT ON accounts BEGIN
  INSERT INTO account_blocks (domain, block, accounts) VALUES (NEW.domain, NEW.id / 1000, 1)
    ON CONFLICT (domain, block) DO UPDATE SET accounts = accounts + 1;
END;
--> statement-breakpoint
CREATE TRIGGER account_blocks_of_deletes AFTER DELETE ON accounts BEGIN
  UPDATE account_blocks SET accounts = accounts - 1 WHERE domain = OLD.domain AND block = OLD.id / 1000;
END;
--> statement-breakpoint
CREATE TRIGGER account_blocks_of_moves AFTER UPDATE OF domain ON accounts WHEN OLD.domain <> NEW.domain BEGIN
  UPDATE account_blocks SET accounts = accounts - 1 WHERE domain = OLD.domain AND block = OLD.id / 1000;
  INSERT INTO account_blocks (domain, block, accounts) VALUES (NEW.domain, NEW.id / 1000, 1)
    ON CONFLICT (domain, block) DO UPDATE SET accounts = accounts + 1;
END;
