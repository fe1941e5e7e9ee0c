-- Unique prefixes of text and binary columns, and a primary key of a prefix.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100), b BLOB, x TEXT, UNIQUE KEY pv (v(5)), UNIQUE KEY pb (b(3)), UNIQUE KEY px (x(2), id));
INSERT INTO t VALUES (1, 'aaaaa1', 0x00000001, 'ab one'), (2, 'bbbbb1', 0x00000101, 'ab two'), (3, 'ccccc', 0x0000, 'c'), (4, NULL, NULL, NULL), (5, 'éééééé', 0xFFFFFFFF, '😀😀😀');
CREATE TABLE p (k VARCHAR(50), v INT, PRIMARY KEY (k(4)));
INSERT INTO p VALUES ('aaaa-1', 1), ('bbbb-1', 2), ('cc', 3), ('éééé1', 4);
CREATE TABLE q (k BLOB, n INT, v INT, PRIMARY KEY (k(4), n));
INSERT INTO q VALUES (0x0000000001, 1, 1), (0x0000000002, 2, 2), (0xFF, 1, 3), ('', 1, 4);

-- workload
BEGIN;
UPDATE t SET v = 'zzzzz' WHERE id = 1;
UPDATE t SET v = 'aaaaa2' WHERE id = 2;
UPDATE t SET v = 'bbbbb2' WHERE id = 1;
COMMIT;
UPDATE t SET b = 0x00000002, x = 'ab changed' WHERE id = 1;
DELETE FROM t WHERE id = 3;
INSERT INTO t VALUES (6, 'ccccc-again', 0x000000FF00, 'c again') ON DUPLICATE KEY UPDATE v = 'ccccc-again', x = 'dup';
UPDATE p SET k = CONCAT(k, '-longer'), v = v + 1;
UPDATE p SET k = 'bbbb-2' WHERE v = 3;
DELETE FROM p WHERE k LIKE 'cc%';
INSERT INTO p VALUES ('cc', 9);
UPDATE q SET k = CONCAT(k, 0x00), v = v + 10;
DELETE FROM q WHERE n = 2;
