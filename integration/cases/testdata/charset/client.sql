-- Statements written by clients of other charsets.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50), l VARCHAR(50) CHARACTER SET latin1) DEFAULT CHARSET utf8mb4;
INSERT INTO t VALUES (1, 'a', 'a');

-- workload
SET NAMES latin1;
INSERT INTO t VALUES (2, 0xC3A9, 0xE9);
INSERT INTO t VALUES (3, _latin1 0xE9, _utf8mb4 0xC3A9);
ALTER TABLE t ADD COLUMN d VARCHAR(10) NOT NULL DEFAULT 'plain' COMMENT 'by a latin1 client';
SET NAMES cp1251;
ALTER TABLE t ADD COLUMN e VARCHAR(10) CHARACTER SET cp1251 NOT NULL DEFAULT 'x';
INSERT INTO t (id, v, l) VALUES (4, _cp1251 0xE6, 'y');
SET NAMES utf8mb4;
ALTER TABLE t ADD COLUMN f VARCHAR(10) NOT NULL DEFAULT 'ж😀' COMMENT 'комментарий 😀';
INSERT INTO t (id, v, l) VALUES (5, 'ж😀', 'é');
SET character_set_client = latin1, character_set_connection = latin1, collation_connection = latin1_german2_ci;
CREATE TABLE n (id INT PRIMARY KEY, v VARCHAR(10) DEFAULT 'x');
INSERT INTO n (id) VALUES (1);
