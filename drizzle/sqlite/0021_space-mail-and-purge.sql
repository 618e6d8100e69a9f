ALTER TABLE `space_email_servers` ADD `encryption` text;--> statement-breakpoint
ALTER TABLE `space_email_servers` ADD `verify_certificate` integer;--> statement-breakpoint
ALTER TABLE `spaces` ADD `purge_at` integer;