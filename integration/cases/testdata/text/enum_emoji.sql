-- Labels with characters of four bytes: servers print a question mark for them.
-- expect copy: refused unsupported-now label

-- setup
CREATE TABLE a (id INT PRIMARY KEY);

-- workload
CREATE TABLE t (id INT PRIMARY KEY, e ENUM('a','😀'), s SET('x','y😁'));
INSERT INTO t VALUES (1, 'a', 'x'), (2, '😀', 'y😁'), (3, NULL, 'x,y😁');
UPDATE t SET e = '😀' WHERE id = 1;
