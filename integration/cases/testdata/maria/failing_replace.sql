-- CREATE OR REPLACE drops the old table before it fails; the log has it, or a DROP.
-- pairs: mariadb mariadb-mysql

-- setup
CREATE TABLE a (id INT PRIMARY KEY);
CREATE TABLE b (id INT PRIMARY KEY, v CHAR(3));
CREATE TABLE model (id INT PRIMARY KEY);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1, 'one');

-- workload
-- fails 1060
CREATE OR REPLACE TABLE a (id INT, id INT);
CREATE TABLE a (id INT PRIMARY KEY, w INT);
INSERT INTO a VALUES (2, 3);
-- fails 1406
CREATE OR REPLACE TABLE b (v CHAR(1)) SELECT 'foo' AS v;
CREATE TABLE b (v INT PRIMARY KEY);
INSERT INTO b VALUES (4);
-- fails 1051
DROP TABLE b, nowhere;
-- fails 1113
CREATE OR REPLACE TABLE model;

-- both
SELECT id, w FROM a;
--> 2|3
