-- RETURNING, application periods, and deletes for a portion of time.
-- pairs: mariadb

-- setup
CREATE TABLE t (id INT, s DATE, e DATE, v INT, PERIOD FOR p (s, e), PRIMARY KEY (id, s));
INSERT INTO t VALUES (1, '2020-01-01', '2020-12-31', 1), (2, '2020-01-01', '2021-01-01', 2);
CREATE TABLE r (id INT AUTO_INCREMENT PRIMARY KEY, v INT);

-- workload
INSERT INTO r (v) VALUES (1), (2), (3) RETURNING id;
DELETE FROM r WHERE v = 2 RETURNING id, v;
REPLACE INTO r VALUES (1, 10) RETURNING v;
DELETE FROM t FOR PORTION OF p FROM '2020-03-01' TO '2020-04-01';
UPDATE t FOR PORTION OF p FROM '2020-06-01' TO '2020-07-01' SET v = v + 100;
