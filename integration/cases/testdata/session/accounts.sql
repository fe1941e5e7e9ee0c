-- Statements about accounts and the server in the log are passed over.
-- paths: stream

-- setup
CREATE TABLE t (id INT PRIMARY KEY);

-- workload
CREATE USER '{db}'@'localhost' IDENTIFIED BY 'secret-9';
GRANT SELECT ON {db}.* TO '{db}'@'localhost';
INSERT INTO t VALUES (1);
REVOKE SELECT ON {db}.* FROM '{db}'@'localhost';
DROP USER '{db}'@'localhost';
FLUSH TABLES;
FLUSH BINARY LOGS;
CREATE PROCEDURE p() INSERT INTO t VALUES (2);
CALL p();
CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC RETURN x + 1;
INSERT INTO t VALUES (f(10));
CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DISABLE DO DELETE FROM t;
DROP EVENT e;
DROP PROCEDURE p;
DROP FUNCTION f;
INSERT INTO t VALUES (3);
