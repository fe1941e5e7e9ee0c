-- A MariaDB keeps two rows apart whose keys are equal, where CHAR of a collation in which spaces count is partitioned by key.
-- pairs: mariadb

-- setup
CREATE TABLE t (k CHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_nopad_ci NOT NULL, n INT NOT NULL, v INT, PRIMARY KEY (k, n)) PARTITION BY KEY (k) PARTITIONS 16;
CREATE TABLE s (k CHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_nopad_ci NOT NULL PRIMARY KEY, v INT) PARTITION BY KEY () PARTITIONS 7;
INSERT INTO t VALUES ('xe', 1, 1), ('xé', 1, 2), ('日e', 2, 3), ('日é', 2, 4), ('plain', 3, 5), ('ｅ', 4, 6), ('e', 4, 7);
INSERT INTO s VALUES ('e', 1), ('é', 2), ('n', 3), ('ñ', 4);

-- workload
BEGIN;
UPDATE t SET v = 10 WHERE k = 'xe' AND v = 1;
UPDATE t SET v = v + 100;
UPDATE s SET v = v + 100;
INSERT INTO t VALUES ('we', 9, 1), ('wé', 9, 2);
COMMIT;
DELETE FROM t WHERE v = 102;
UPDATE s SET v = 0 WHERE v = 103;
DELETE FROM s WHERE v = 101;
