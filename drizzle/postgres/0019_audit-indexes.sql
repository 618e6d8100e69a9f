DROP INDEX "audit_log_actor_id_at_index";--> statement-breakpoint
DROP INDEX "audit_log_subject_id_at_index";