-- Database, table and columns of different charsets, changed while rows flow.

-- setup
ALTER DATABASE {db} CHARACTER SET latin1 COLLATE latin1_german1_ci;
CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20) CHARACTER SET utf8mb4, c CHAR(5) CHARACTER SET cp1251, d TEXT CHARACTER SET sjis, e ENUM('ä','ö') CHARACTER SET latin1, f VARCHAR(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin) DEFAULT CHARSET = koi8r;
INSERT INTO t VALUES (1, 'привет', 'привет 😀', 'мир', '表ソ', 'ä', 'é'), (2, '', '', '', '', 'ö', '');
CREATE TABLE i (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO i VALUES (1, 'ä'), (2, 'ß€');

-- workload
INSERT INTO t SELECT id + 10, a, b, c, d, e, f FROM t;
ALTER TABLE t ADD COLUMN g VARCHAR(10) NOT NULL DEFAULT 'дом', ADD COLUMN h VARCHAR(10) CHARACTER SET latin1 NOT NULL DEFAULT 'é', ADD COLUMN n NCHAR(5);
UPDATE t SET a = CONCAT(a, 'ъ'), n = 'ñ' WHERE id IN (1, 11);
ALTER TABLE t MODIFY c CHAR(8) CHARACTER SET utf8mb4;
UPDATE t SET c = CONCAT(c, '😀') WHERE id < 10;
ALTER TABLE t DEFAULT CHARSET utf8mb4;
ALTER TABLE t ADD COLUMN o VARCHAR(10) DEFAULT '😀';
INSERT INTO t (id, a, o) VALUES (20, 'последний', '😀😀');
CREATE TABLE made (id INT PRIMARY KEY, v VARCHAR(20)) SELECT id, v FROM i WHERE id = 99;
INSERT INTO made VALUES (1, 'ü');
ALTER DATABASE {db} CHARACTER SET utf8mb4;
CREATE TABLE after_it (id INT PRIMARY KEY, v VARCHAR(20));
INSERT INTO after_it VALUES (1, '😀');
