-- Trailing blanks in keys: equal under some collations, apart under others and in binary columns.

-- setup
CREATE TABLE pad (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT);
CREATE TABLE bin (k VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v INT);
CREATE TABLE vb (k VARBINARY(20) PRIMARY KEY, v INT);
CREATE TABLE ch (k CHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT);
INSERT INTO pad VALUES ('a', 1), ('b  ', 2), (' c', 3), ('d\t', 4);
INSERT INTO bin VALUES ('a', 1), ('b  ', 2), (' c', 3), ('d\t', 4);
INSERT INTO vb VALUES ('a', 1), ('a ', 2), ('a  ', 3), (0x6109, 4);
INSERT INTO ch VALUES ('a', 1), ('b  ', 2), (' c', 3), ('d\t', 4);

-- workload
UPDATE pad SET k = CONCAT(k, ' ');
UPDATE pad SET k = TRIM(TRAILING ' ' FROM k), v = v + 10 WHERE v < 3;
-- fails 1062
INSERT INTO pad VALUES ('b', 9);
UPDATE bin SET k = 'a    ' WHERE k = 'a';
UPDATE bin SET v = 20 WHERE k = 'b';
DELETE FROM vb WHERE k = 'a ';
UPDATE vb SET k = 'a ' WHERE k = 'a';
INSERT INTO vb VALUES ('a', 10);
UPDATE ch SET k = CONCAT(k, '  '), v = v + 1;
DELETE FROM ch WHERE k = 'b';
INSERT INTO ch VALUES ('B ', 22);
