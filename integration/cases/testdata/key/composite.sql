-- Keys of many columns and types, with prefixes, updated in each column.

-- setup
CREATE TABLE t (a VARCHAR(10), b INT, c DATE, d DECIMAL(5,2), e BINARY(3), f ENUM('x','y'), v INT, PRIMARY KEY (a, b, c, d, e, f));
INSERT INTO t VALUES ('a', 1, '2020-01-01', 1.00, 0x000000, 'x', 1), ('a', 1, '2020-01-01', 1.00, 0x000000, 'y', 2), ('a', 1, '2020-01-01', 1.00, 0x000001, 'x', 3), ('a', 1, '2020-01-01', 1.01, 0x000000, 'x', 4),
  ('a', 1, '2020-01-02', 1.00, 0x000000, 'x', 5), ('a', 2, '2020-01-01', 1.00, 0x000000, 'x', 6), ('b', 1, '2020-01-01', 1.00, 0x000000, 'x', 7), ('', -1, '1000-01-01', -9.99, 0xFFFFFF, 'y', 8);
CREATE TABLE w (c1 INT, c2 INT, c3 INT, c4 INT, c5 INT, c6 INT, c7 INT, c8 INT, c9 INT, c10 INT, c11 INT, c12 INT, c13 INT, c14 INT, c15 INT, c16 INT, v INT, PRIMARY KEY (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16));
INSERT INTO w VALUES (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1), (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2,2), (2,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,3);

-- workload
UPDATE t SET f = 'y', v = 30 WHERE v = 3;
UPDATE t SET e = 0x000002 WHERE v = 2;
UPDATE t SET d = d + 1, b = b + 1 WHERE a = 'a' ORDER BY b DESC, d DESC;
UPDATE t SET c = c - INTERVAL 1 DAY, a = 'c' WHERE a = 'b';
DELETE FROM t WHERE a = '';
INSERT INTO t VALUES ('a', 1, '2020-01-01', 1.00, 0x000000, 'x', 100);
UPDATE w SET c16 = c16 + 1 ORDER BY c16 DESC;
UPDATE w SET c1 = 3 - c1, c16 = 9 WHERE v = 3;
DELETE FROM w WHERE v = 2;
