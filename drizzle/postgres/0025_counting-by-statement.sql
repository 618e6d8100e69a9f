-- Once for each statement: a row that is counted a thousand times in one transaction has a thousand versions to walk over.
CREATE FUNCTION account_blocks_add() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO account_blocks (domain, block, accounts)
    SELECT domain, id / 1000, count(*) FROM fresh GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (domain, block) DO UPDATE SET accounts = account_blocks.accounts + excluded.accounts;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION account_blocks_take() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account_blocks SET accounts = account_blocks.accounts - g.gone
    FROM (SELECT domain, id / 1000 AS block, count(*) AS gone FROM stale GROUP BY 1, 2) g
    WHERE account_blocks.domain = g.domain AND account_blocks.block = g.block;
  RETURN NULL;
END $$;
--> statement-breakpoint
DROP TRIGGER account_blocks_of_inserts_and_deletes ON accounts;
--> statement-breakpoint
CREATE TRIGGER account_blocks_of_inserts AFTER INSERT ON accounts REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION account_blocks_add();
--> statement-breakpoint
CREATE TRIGGER account_blocks_of_deletes AFTER DELETE ON accounts REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION account_blocks_take();
