-- A parent that comes into the selection and before its copy gets rows only, or loses
-- Some while foreign keys are not looked at.
-- pairs: mariadb mariadb-mysql
-- objects: except = ["_*"]

-- setup
CREATE TABLE _p (id INT PRIMARY KEY);
CREATE TABLE c (id INT PRIMARY KEY, pid INT, CONSTRAINT fk_c FOREIGN KEY (pid) REFERENCES _p (id) ON DELETE CASCADE);
INSERT INTO _p VALUES (1), (2), (3);
INSERT INTO c VALUES (1, 1), (2, 2), (3, 3);

-- workload
DELETE FROM _p WHERE id = 3;
RENAME TABLE _p TO p;
INSERT INTO p VALUES (4);
SET foreign_key_checks = 0;
DELETE FROM p WHERE id = 2;
ALTER TABLE c DROP FOREIGN KEY fk_c;
