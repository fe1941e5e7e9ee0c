-- Settings for one statement, which the log has in the statement's text.
-- pairs: mariadb mariadb-mysql

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO t VALUES (1, 'a');

-- workload
SET STATEMENT max_statement_time = 10, lock_wait_timeout = 5 FOR ALTER TABLE t ADD COLUMN w INT DEFAULT 3;
SET STATEMENT sql_mode = '' FOR CREATE TABLE u (id INT PRIMARY KEY, d DATE DEFAULT '0000-00-00');
set statement max_statement_time = (1 + 1) for create index w on t (w);
SET STATEMENT sql_mode = '' FOR INSERT INTO u (id) VALUES (1);
SET STATEMENT lock_wait_timeout = 5 FOR RENAME TABLE u TO s;
SET STATEMENT max_statement_time = 10 FOR CREATE TEMPORARY TABLE temp (id INT);
INSERT INTO t VALUES (2, 'b', 4);

-- both
SELECT id, v, w FROM t ORDER BY id;
--> 1|a|3
--> 2|b|4
SELECT id, d FROM s;
--> 1|0000-00-00
