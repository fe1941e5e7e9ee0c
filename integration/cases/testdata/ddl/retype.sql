-- Changes of type that change every value: numbers to text, text to numbers, wider and narrower.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, n INT, s VARCHAR(20), d DECIMAL(10,2), dt DATETIME(6), e ENUM('a','b'), x TEXT, f FLOAT, b BLOB);
INSERT INTO t VALUES (1, 5, '42', 1.25, '2020-01-01 10:20:30.987654', 'a', 'text', 0.1, 0x00FF), (2, -7, '0', -0.05, '1999-12-31 23:59:59.999999', 'b', '', 16777216, ''), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- workload
ALTER TABLE t MODIFY n VARCHAR(20), MODIFY s INT;
UPDATE t SET n = CONCAT(n, 'x'), s = s + 1 WHERE id < 3;
ALTER TABLE t MODIFY d DECIMAL(12,1), MODIFY dt DATETIME(3), MODIFY e VARCHAR(5);
INSERT INTO t VALUES (4, 'four', 4, 4.4, '2001-02-03 04:05:06.789', 'long', 'x', 4.4, 0x04);
ALTER TABLE t MODIFY x VARCHAR(100) DEFAULT 'none', MODIFY f DOUBLE, MODIFY b VARBINARY(100);
UPDATE t SET f = f / 3, b = CONCAT(b, 0x00) WHERE id IN (1, 2);
ALTER TABLE t MODIFY dt DATE, MODIFY d INT;
INSERT INTO t (id, d, dt) VALUES (5, 5, '2005-05-05');
