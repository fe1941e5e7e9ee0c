-- New columns whose default is another value on each server: the source's values are carried.
-- expect stream window mariadb-mysql: stops ddl may return a different value

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v INT);
INSERT INTO t VALUES (1, 1), (2, 2), (3, 3);
CREATE TABLE u (id VARCHAR(36) PRIMARY KEY DEFAULT (UUID()), v INT);
INSERT INTO u (v) VALUES (1), (2);

-- workload
-- on mariadb
ALTER TABLE t ADD COLUMN u VARCHAR(36) DEFAULT (UUID());
-- on any
INSERT INTO t (id, v) VALUES (4, 4);
-- on mariadb
ALTER TABLE t ADD COLUMN r DOUBLE NOT NULL DEFAULT (RAND());
-- on any
ALTER TABLE t ADD COLUMN n DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6);
UPDATE t SET v = v + 1 WHERE id < 3;
INSERT INTO u (v) VALUES (3);
UPDATE u SET v = 10 WHERE v = 1;
