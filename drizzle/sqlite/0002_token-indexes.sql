CREATE INDEX `account_creation_request_tokens_creation_token_id_index` ON `account_creation_request_tokens` (`acc_creation_token_id`);--> statement-breakpoint
CREATE INDEX `account_creation_request_tokens_space_id_index` ON `account_creation_request_tokens` (`space_id`);--> statement-breakpoint
CREATE INDEX `account_creation_tokens_space_id_index` ON `account_creation_tokens` (`space_id`);--> statement-breakpoint
CREATE INDEX `account_recovery_tokens_account_id_index` ON `account_recovery_tokens` (`account_id`);--> statement-breakpoint
CREATE INDEX `account_recovery_tokens_space_id_index` ON `account_recovery_tokens` (`space_id`);--> statement-breakpoint
CREATE INDEX `auth_tokens_account_id_index` ON `auth_tokens` (`account_id`);--> statement-breakpoint
CREATE INDEX `auth_tokens_space_id_index` ON `auth_tokens` (`space_id`);