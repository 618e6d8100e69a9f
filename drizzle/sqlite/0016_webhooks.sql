CREATE TABLE `webhook_attempts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`webhook_id` integer NOT NULL,
	`outbox_message_id` integer,
	`message_id` text NOT NULL,
	`event` text NOT NULL,
	`subject` text NOT NULL,
	`attempt` integer NOT NULL,
	`status` integer,
	`duration_ms` integer NOT NULL,
	`answer` text,
	`error` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`webhook_id`) REFERENCES `webhooks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `webhook_attempts_webhook_id_index` ON `webhook_attempts` (`webhook_id`,`id`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer NOT NULL,
	`name` text NOT NULL,
	`url` text NOT NULL,
	`events` text NOT NULL,
	`enabled` integer DEFAULT true NOT NULL,
	`gone_at` integer,
	`sealed` text NOT NULL,
	`sealed_previous` text,
	`previous_until` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `webhooks_space_id_index` ON `webhooks` (`space_id`);--> statement-breakpoint
DROP INDEX `outbox_messages_waiting_index`;--> statement-breakpoint
ALTER TABLE `outbox_messages` ADD `webhook_id` integer REFERENCES webhooks(id) ON DELETE cascade;--> statement-breakpoint
CREATE INDEX `outbox_messages_recipient_index` ON `outbox_messages` (`webhook_id`,`recipient`,`id`) WHERE webhook_id is not null and sent_at is null and dead_at is null;--> statement-breakpoint
CREATE INDEX `outbox_messages_webhook_id_index` ON `outbox_messages` (`webhook_id`) WHERE webhook_id is not null;--> statement-breakpoint
CREATE INDEX `outbox_messages_waiting_index` ON `outbox_messages` (`webhook_id`,`not_before`) WHERE sent_at is null and dead_at is null;