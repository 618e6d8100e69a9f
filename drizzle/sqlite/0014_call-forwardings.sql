CREATE TABLE `call_forwardings` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` integer NOT NULL,
	`type` text NOT NULL,
	`forward_to` text NOT NULL,
	`sip_uri` text,
	`enabled` integer DEFAULT false NOT NULL,
	`contact_id` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`contact_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `call_forwardings_account_id_type_unique` ON `call_forwardings` (`account_id`,`type`);--> statement-breakpoint
CREATE INDEX `call_forwardings_contact_id_index` ON `call_forwardings` (`contact_id`);--> statement-breakpoint
ALTER TABLE `spaces` ADD `call_forwarding_no_answer_wire` text DEFAULT 'away' NOT NULL;