-- IF EXISTS of what is not known of a table stops the run at the statement.
-- pairs: mariadb-mysql
-- paths: stream window
-- expect: stops ddl_refused MySQL does not read the condition

-- setup
CREATE TABLE u (id INT PRIMARY KEY, a INT, CONSTRAINT c CHECK (a > 0));
INSERT INTO u VALUES (1, 1);

-- workload
ALTER TABLE u DROP CONSTRAINT IF EXISTS c;
