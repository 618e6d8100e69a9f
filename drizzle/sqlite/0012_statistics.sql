CREATE TABLE `statistics_call_devices` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`call_id` text NOT NULL,
	`device_id` text NOT NULL,
	`rang_at` integer,
	`invite_terminated_at` integer,
	`invite_terminated_state` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`call_id`) REFERENCES `statistics_calls`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `statistics_call_devices_device_unique` ON `statistics_call_devices` (`call_id`,`device_id`);--> statement-breakpoint
CREATE TABLE `statistics_calls` (
	`id` text PRIMARY KEY NOT NULL,
	`from_username` text NOT NULL,
	`from_domain` text NOT NULL,
	`to_username` text NOT NULL,
	`to_domain` text NOT NULL,
	`initiated_at` integer NOT NULL,
	`ended_at` integer,
	`conference_id` text,
	`to_self` integer NOT NULL,
	`to_own_domain` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `statistics_calls_caller_index` ON `statistics_calls` (`from_domain`,`from_username`,`initiated_at`);--> statement-breakpoint
CREATE INDEX `statistics_calls_callee_index` ON `statistics_calls` (`to_domain`,`to_username`,`to_self`,`initiated_at`);--> statement-breakpoint
CREATE INDEX `statistics_calls_from_domain_index` ON `statistics_calls` (`from_domain`,`initiated_at`);--> statement-breakpoint
CREATE INDEX `statistics_calls_to_domain_index` ON `statistics_calls` (`to_domain`,`to_own_domain`,`initiated_at`);--> statement-breakpoint
CREATE INDEX `statistics_calls_initiated_at_index` ON `statistics_calls` (`initiated_at`);--> statement-breakpoint
CREATE INDEX `statistics_calls_created_at_index` ON `statistics_calls` (`created_at`);--> statement-breakpoint
CREATE TABLE `statistics_conferences` (
	`id` text PRIMARY KEY NOT NULL,
	`created_at` integer NOT NULL,
	`ended_at` integer,
	`schedule` text,
	`reported_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `statistics_conferences_reported_at_index` ON `statistics_conferences` (`reported_at`);--> statement-breakpoint
CREATE TABLE `statistics_hours` (
	`kind` text NOT NULL,
	`domain` text NOT NULL,
	`hour` integer NOT NULL,
	`part` integer NOT NULL,
	`sent` integer NOT NULL,
	`received` integer NOT NULL,
	`inside` integer NOT NULL,
	PRIMARY KEY(`kind`, `domain`, `hour`, `part`)
);
--> statement-breakpoint
CREATE INDEX `statistics_hours_hour_index` ON `statistics_hours` (`hour`);--> statement-breakpoint
CREATE TABLE `statistics_message_devices` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`message_id` text NOT NULL,
	`to_username` text NOT NULL,
	`to_domain` text NOT NULL,
	`device_id` text NOT NULL,
	`last_status` integer NOT NULL,
	`received_at` integer NOT NULL,
	`sent_at` integer NOT NULL,
	`is_first` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`message_id`) REFERENCES `statistics_messages`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `statistics_message_devices_device_unique` ON `statistics_message_devices` (`message_id`,`to_domain`,`to_username`,`device_id`);--> statement-breakpoint
CREATE INDEX `statistics_message_devices_recipient_index` ON `statistics_message_devices` (`to_domain`,`to_username`,`is_first`,`sent_at`);--> statement-breakpoint
CREATE TABLE `statistics_messages` (
	`id` text PRIMARY KEY NOT NULL,
	`from_username` text NOT NULL,
	`from_domain` text NOT NULL,
	`sent_at` integer NOT NULL,
	`encrypted` integer DEFAULT false NOT NULL,
	`conference_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `statistics_messages_sender_index` ON `statistics_messages` (`from_domain`,`from_username`,`sent_at`);--> statement-breakpoint
CREATE INDEX `statistics_messages_sent_at_index` ON `statistics_messages` (`sent_at`);--> statement-breakpoint
CREATE INDEX `statistics_messages_created_at_index` ON `statistics_messages` (`created_at`);