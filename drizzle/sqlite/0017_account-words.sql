CREATE INDEX `accounts_blocked_index` ON `accounts` (`domain`,`id`) WHERE blocked;--> statement-breakpoint
CREATE INDEX `accounts_inactive_index` ON `accounts` (`domain`,`id`) WHERE not activated;
--> statement-breakpoint
-- Words that people look for: what `account_names` had, and display name, e-mail address and number beside it. Every
-- account up to the largest id of account_words_docsize is in the index, and these triggers keep it so; the job
-- `account-words` takes in those beyond.
DROP TRIGGER account_names_of_inserts;
--> statement-breakpoint
DROP TRIGGER account_names_of_deletes;
--> statement-breakpoint
DROP TRIGGER account_names_of_changes;
--> statement-breakpoint
DROP TABLE account_names;
--> statement-breakpoint
CREATE VIRTUAL TABLE account_words USING fts5(username, display_name, email, phone, content = 'accounts', content_rowid = 'id', tokenize = 'trigram');
--> statement-breakpoint
CREATE TRIGGER account_words_of_inserts AFTER INSERT ON accounts
WHEN NEW.id <= (SELECT max(id) FROM account_words_docsize) BEGIN
  INSERT INTO account_words (rowid, username, display_name, email, phone)
  VALUES (NEW.id, NEW.username, NEW.display_name, NEW.email, NEW.phone);
END;
--> statement-breakpoint
CREATE TRIGGER account_words_of_deletes AFTER DELETE ON accounts
WHEN OLD.id <= (SELECT max(id) FROM account_words_docsize) BEGIN
  INSERT INTO account_words (account_words, rowid, username, display_name, email, phone)
  VALUES ('delete', OLD.id, OLD.username, OLD.display_name, OLD.email, OLD.phone);
END;
--> statement-breakpoint
CREATE TRIGGER account_words_of_changes AFTER UPDATE OF username, display_name, email, phone ON accounts
WHEN OLD.id <= (SELECT max(id) FROM account_words_docsize)
  AND (OLD.username IS NOT NEW.username OR OLD.display_name IS NOT NEW.display_name
    OR OLD.email IS NOT NEW.email OR OLD.phone IS NOT NEW.phone) BEGIN
  INSERT INTO account_words (account_words, rowid, username, display_name, email, phone)
  VALUES ('delete', OLD.id, OLD.username, OLD.display_name, OLD.email, OLD.phone);
  INSERT INTO account_words (rowid, username, display_name, email, phone)
  VALUES (NEW.id, NEW.username, NEW.display_name, NEW.email, NEW.phone);
END;
