-- Clauses with IF EXISTS and IF NOT EXISTS, which MySQL does not read, stop the run at the statement.
-- pairs: mariadb-mysql
-- paths: stream window
-- expect: stops ddl ADD COLUMN IF NOT EXISTS

-- setup
CREATE TABLE u (id INT PRIMARY KEY, a INT);
INSERT INTO u VALUES (1, 1);

-- workload
ALTER TABLE u ADD COLUMN IF NOT EXISTS a INT, ADD COLUMN IF NOT EXISTS b INT DEFAULT 2;
