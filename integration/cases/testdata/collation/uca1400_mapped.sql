-- MariaDB's collations that MySQL has under another name, with values that stay apart.
-- pairs: mariadb-mysql

-- setup
CREATE TABLE a (id INT PRIMARY KEY, k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE uca1400_ai_ci, UNIQUE KEY (k));
CREATE TABLE n (id INT PRIMARY KEY, k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE uca1400_nopad_as_cs, UNIQUE KEY (k));
CREATE TABLE g (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin PRIMARY KEY, v INT);
INSERT INTO a VALUES (1, 'a'), (2, 'ß'), (3, 'x'), (4, '😀');
INSERT INTO n VALUES (1, 'a'), (2, 'A'), (3, 'á'), (4, 'x');
INSERT INTO g VALUES ('x', 1), ('x ', 2), ('e', 3), ('E', 4);

-- workload
UPDATE a SET k = 'Á ' WHERE id = 1;
UPDATE a SET k = 'SS' WHERE id = 2;
BEGIN;
UPDATE n SET k = 'tmp' WHERE id = 1;
UPDATE n SET k = 'a' WHERE id = 2;
UPDATE n SET k = 'A' WHERE id = 1;
COMMIT;
UPDATE g SET k = 'x  ' WHERE k = 'x';
DELETE FROM g WHERE k = 'E';
