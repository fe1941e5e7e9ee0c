-- Rows are numbered in the order of a key of text, which MySQL sorts otherwise.
-- pairs: mariadb-mysql

-- setup
CREATE TABLE t (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci PRIMARY KEY, v INT);
INSERT INTO t VALUES ('🥰', 1), ('a', 2), ('z', 3), ('1', 4), ('日', 5);

-- workload
INSERT INTO t VALUES ('b', 6);
ALTER TABLE t ADD COLUMN n INT NOT NULL AUTO_INCREMENT UNIQUE;
UPDATE t SET v = 70 WHERE n = 2;
INSERT INTO t (k, v) VALUES ('c', 7);
