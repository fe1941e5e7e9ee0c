-- The collations of MariaDB: uca1400, nopad, and the old ones without padding.
-- pairs: mariadb

-- setup
CREATE TABLE a (id INT PRIMARY KEY, k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE uca1400_ai_ci, UNIQUE KEY (k));
CREATE TABLE n (id INT PRIMARY KEY, k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE uca1400_nopad_as_cs, UNIQUE KEY (k));
CREATE TABLE s (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE uca1400_swedish_ai_ci PRIMARY KEY, v INT);
CREATE TABLE g (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_nopad_ci PRIMARY KEY, v INT);
CREATE TABLE u (k VARCHAR(20) CHARACTER SET ucs2 COLLATE ucs2_uca1400_ai_ci PRIMARY KEY, v INT);
CREATE TABLE c (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_croatian_ci PRIMARY KEY, v INT);
INSERT INTO a VALUES (1, 'a'), (2, 'ß'), (3, 'x'), (4, '😀');
INSERT INTO n VALUES (1, 'a'), (2, 'A'), (3, 'á'), (4, 'x'), (5, 'x ');
INSERT INTO s VALUES ('a', 1), ('ä', 2), ('å', 3), ('ö', 4);
INSERT INTO g VALUES ('x', 1), ('x ', 2), ('e', 3);
INSERT INTO u VALUES ('e', 1), ('ß', 2);
INSERT INTO c VALUES ('c', 1), ('č', 2), ('ć', 3), ('lj', 4);

-- workload
UPDATE a SET k = 'Á ' WHERE id = 1;
UPDATE a SET k = 'SS' WHERE id = 2;
UPDATE a SET k = 'X  ' WHERE id = 3;
BEGIN;
UPDATE n SET k = 'tmp' WHERE id = 1;
UPDATE n SET k = 'a' WHERE id = 2;
UPDATE n SET k = 'A' WHERE id = 1;
UPDATE n SET k = 'x  ' WHERE id = 4;
COMMIT;
UPDATE s SET k = UPPER(k), v = v + 10;
UPDATE g SET k = 'X  ' WHERE k = 'x';
UPDATE g SET k = 'É' WHERE v = 3;
UPDATE u SET k = 'É' WHERE v = 1;
UPDATE u SET k = 'ss' WHERE v = 2;
UPDATE c SET k = UPPER(k), v = v + 10;
DELETE FROM c WHERE k = 'LJ';
