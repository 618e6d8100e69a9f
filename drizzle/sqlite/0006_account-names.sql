CREATE VIRTUAL TABLE account_names USING fts5(username, content = 'accounts', content_rowid = 'id', tokenize = 'trigram');
--> statement-breakpoint
INSERT INTO account_names (account_names) VALUES ('rebuild');
--> statement-breakpoint
CREATE TRIGGER account_names_of_inserts AFTER INSERT ON accounts BEGIN
  INSERT INTO account_names (rowid, username) VALUES (NEW.id, NEW.username);
END;
--> statement-breakpoint
CREATE TRIGGER account_names_of_deletes AFTER DELETE ON accounts BEGIN
  INSERT INTO account_names (account_names, rowid, username) VALUES ('delete', OLD.id, OLD.username);
END;
--> statement-breakpoint
CREATE TRIGGER account_names_of_changes AFTER UPDATE OF username ON accounts WHEN OLD.username <> NEW.username BEGIN
  INSERT INTO account_names (account_names, rowid, username) VALUES ('delete', OLD.id, OLD.username);
  INSERT INTO account_names (rowid, username) VALUES (NEW.id, NEW.username);
END;
