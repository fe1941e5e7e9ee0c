-- An ENUM of 300 members takes two bytes; a SET of 64 uses all bits.

-- setup
SET SESSION group_concat_max_len = 100000;
SET @m = (WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 300) SELECT GROUP_CONCAT(CONCAT('''m', i, '''') ORDER BY i) FROM g);
SET @s = (WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 64) SELECT GROUP_CONCAT(CONCAT('''s', i, '''') ORDER BY i) FROM g);
SET @q = CONCAT('CREATE TABLE t (id INT PRIMARY KEY, e ENUM(', @m, '), s SET(', @s, '))');
PREPARE q FROM @q;
EXECUTE q;
SET @q = CONCAT('CREATE TABLE k (e ENUM(', @m, ') PRIMARY KEY, v INT)');
PREPARE q FROM @q;
EXECUTE q;
INSERT INTO t VALUES (1, 'm1', 's1'), (2, 'm255', 's64'), (3, 'm256', 's1,s64'), (4, 'm257', 18446744073709551615), (5, 'm300', 9223372036854775808), (6, NULL, NULL);
INSERT INTO k VALUES ('m1', 1), ('m128', 2), ('m255', 3), ('m256', 4), ('m257', 5), ('m300', 6), ('m10', 7), ('m9', 8);

-- workload
INSERT INTO t SELECT id + 10, e, s FROM t;
UPDATE t SET e = e + 1 WHERE e BETWEEN 1 AND 257;
UPDATE t SET s = s ^ 18446744073709551615 WHERE id > 10;
UPDATE k SET v = v + 10;
UPDATE k SET e = 'm258' WHERE e = 'm257';
UPDATE k SET e = 'm257' WHERE e = 'm256';
DELETE FROM k WHERE e = 'm300';
