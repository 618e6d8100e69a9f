CREATE TABLE `audit_heads` (
	`id` integer PRIMARY KEY NOT NULL,
	`position` integer NOT NULL,
	`hash` text NOT NULL,
	`signature` text NOT NULL,
	`signed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`action` text NOT NULL,
	`way` text NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` integer,
	`actor_name` text,
	`actor_key` text,
	`address` text,
	`actor_salt` text,
	`actor_digest` text,
	`space_id` integer,
	`domain` text,
	`subject_kind` text NOT NULL,
	`subject_id` text,
	`subject_name` text,
	`subject_salt` text,
	`subject_digest` text,
	`changes` text,
	`detail` text,
	`request_id` text,
	`position` integer,
	`previous_hash` text,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_log_position_unique` ON `audit_log` (`position`);--> statement-breakpoint
CREATE INDEX `audit_log_unchained_index` ON `audit_log` (`id`) WHERE position is null;--> statement-breakpoint
CREATE INDEX `audit_log_at_index` ON `audit_log` (`at`);--> statement-breakpoint
CREATE INDEX `audit_log_space_id_at_index` ON `audit_log` (`space_id`,`at`);--> statement-breakpoint
CREATE INDEX `audit_log_actor_id_at_index` ON `audit_log` (`actor_id`,`at`);--> statement-breakpoint
CREATE INDEX `audit_log_subject_id_at_index` ON `audit_log` (`subject_id`,`at`);--> statement-breakpoint
CREATE TABLE `audit_stumps` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`first_position` integer NOT NULL,
	`last_position` integer NOT NULL,
	`previous_hash` text NOT NULL,
	`hash` text NOT NULL,
	`signature` text NOT NULL,
	`cut_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_stumps_first_position_unique` ON `audit_stumps` (`first_position`);