CREATE TABLE `account_setups` (
	`account_id` integer PRIMARY KEY NOT NULL,
	`identity` text,
	`registrar` text,
	`moved` integer DEFAULT false NOT NULL,
	`beside` integer DEFAULT false NOT NULL,
	`line` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);

--> statement-breakpoint
INSERT INTO account_setups (account_id, line, created_at, updated_at)
  SELECT t.account_id, exists (SELECT 1 FROM external_accounts e WHERE e.account_id = t.account_id), min(t.created_at), max(t.updated_at)
  FROM provisioning_tokens t WHERE t.used = 1 GROUP BY t.account_id;
