-- Generated keys of a server that hides them from SHOW CREATE in the session that writes.
-- pairs: mysql

-- setup
SET SESSION sql_generate_invisible_primary_key = ON, show_gipk_in_create_table_and_information_schema = OFF;
CREATE TABLE t (a INT, b TEXT);
INSERT INTO t VALUES (1, 'x'), (1, 'x'), (2, NULL);

-- workload
SET SESSION sql_generate_invisible_primary_key = ON, show_gipk_in_create_table_and_information_schema = OFF;
UPDATE t SET b = 'u' WHERE a = 1 LIMIT 1;
DELETE FROM t WHERE a = 2;
ALTER TABLE t ADD COLUMN c INT NOT NULL DEFAULT 3;
INSERT INTO t VALUES (3, 'z', 4);
CREATE TABLE made (a VARCHAR(10)) SELECT 'one' AS a;
INSERT INTO made VALUES ('two');
