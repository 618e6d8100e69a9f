-- Every account up to the largest id of account_names_docsize is in the index, and these triggers keep it so. Those
-- beyond wait for the job `account-names`.
DROP TRIGGER account_names_of_inserts;
--> statement-breakpoint
DROP TRIGGER account_names_of_deletes;
--> statement-breakpoint
DROP TRIGGER account_names_of_changes;
--> statement-breakpoint
CREATE TRIGGER account_names_of_inserts AFTER INSERT ON accounts
WHEN NEW.id <= (SELECT max(id) FROM account_names_docsize) BEGIN
  INSERT INTO account_names (rowid, username) VALUES (NEW.id, NEW.username);
END;
--> statement-breakpoint
CREATE TRIGGER account_names_of_deletes AFTER DELETE ON accounts
WHEN OLD.id <= (SELECT max(id) FROM account_names_docsize) BEGIN
  INSERT INTO account_names (account_names, rowid, username) VALUES ('delete', OLD.id, OLD.username);
END;
--> statement-breakpoint
CREATE TRIGGER account_names_of_changes AFTER UPDATE OF username ON accounts
WHEN OLD.username <> NEW.username AND OLD.id <= (SELECT max(id) FROM account_names_docsize) BEGIN
  INSERT INTO account_names (account_names, rowid, username) VALUES ('delete', OLD.id, OLD.username);
  INSERT INTO account_names (rowid, username) VALUES (NEW.id, NEW.username);
END;
