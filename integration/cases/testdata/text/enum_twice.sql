-- Labels that the collation equates: a definition is refused in words, a statement is carried out as it was.
-- expect copy: stops create_table duplicated value

-- setup
SET SESSION sql_mode = '';
CREATE TABLE a (id INT PRIMARY KEY);

-- workload
SET SESSION sql_mode = '';
CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a','ä','b') COLLATE utf8mb4_general_ci);
INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 2);
