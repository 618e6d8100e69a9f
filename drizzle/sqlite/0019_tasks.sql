CREATE TABLE `account_import_rows` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`import_id` integer NOT NULL,
	`line` integer NOT NULL,
	`account` text,
	`faults` text,
	`admin` integer DEFAULT false NOT NULL,
	`made_id` integer,
	FOREIGN KEY (`import_id`) REFERENCES `account_imports`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `account_import_rows_import_id_index` ON `account_import_rows` (`import_id`,`id`);--> statement-breakpoint
CREATE TABLE `account_imports` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`space_id` integer NOT NULL,
	`account_id` integer,
	`file` text NOT NULL,
	`realm` text,
	`accounts` integer DEFAULT 0 NOT NULL,
	`administrators` integer DEFAULT 0 NOT NULL,
	`faulty` integer DEFAULT 0 NOT NULL,
	`unknown_columns` text,
	`complete` integer DEFAULT false NOT NULL,
	`task_id` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE UNIQUE INDEX `account_imports_name_unique` ON `account_imports` (`name`);--> statement-breakpoint
CREATE INDEX `account_imports_space_id_index` ON `account_imports` (`space_id`);--> statement-breakpoint
CREATE INDEX `account_imports_account_id_index` ON `account_imports` (`account_id`);--> statement-breakpoint
CREATE INDEX `account_imports_task_id_index` ON `account_imports` (`task_id`);--> statement-breakpoint
CREATE TABLE `task_faults` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`task_id` integer NOT NULL,
	`subject` text NOT NULL,
	`message` text NOT NULL,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `task_faults_task_id_index` ON `task_faults` (`task_id`,`id`);--> statement-breakpoint
CREATE TABLE `tasks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`space_id` integer NOT NULL,
	`account_id` integer,
	`started_by` text NOT NULL,
	`origin` text NOT NULL,
	`kind` text NOT NULL,
	`input` text NOT NULL,
	`cursor` text,
	`status` text DEFAULT 'waiting' NOT NULL,
	`done` integer DEFAULT 0 NOT NULL,
	`total` integer,
	`faults` integer DEFAULT 0 NOT NULL,
	`outcome` text,
	`cancelled_at` integer,
	`finished_at` integer,
	`failures` integer DEFAULT 0 NOT NULL,
	`not_before` integer NOT NULL,
	`leased_until` integer,
	`lease` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`space_id`) REFERENCES `spaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE set null
);
--> statement-breakpoint
CREATE INDEX `tasks_space_id_index` ON `tasks` (`space_id`,`id`);--> statement-breakpoint
CREATE INDEX `tasks_account_id_index` ON `tasks` (`account_id`);--> statement-breakpoint
CREATE INDEX `tasks_open_index` ON `tasks` (`not_before`) WHERE finished_at is null;