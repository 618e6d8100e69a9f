ALTER TABLE `api_keys` ADD `prefix` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `scope` text DEFAULT 'full' NOT NULL;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `networks` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `last_used_address` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `expire_at` integer;--> statement-breakpoint
CREATE INDEX `api_keys_named_index` ON `api_keys` (`id`) WHERE expires_after_last_used_minutes is not null;--> statement-breakpoint
-- Keys that administrators made before names were kept: they go on, may do what their owner may, and have a name now.
UPDATE api_keys SET name = 'API key ' || id WHERE expires_after_last_used_minutes IS NOT NULL AND (name IS NULL OR trim(name) = '');
