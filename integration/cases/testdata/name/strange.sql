-- Names with quotes, blanks, backticks, reserved words, other scripts, and characters of patterns.

-- setup
CREATE TABLE `a b` (`a b` INT PRIMARY KEY, `a``b` INT, `"q"` INT, `'` VARCHAR(10), `order` INT, `100%` INT, `_` INT, `%` INT, `naïve` INT, `日本語` VARCHAR(10), `a.b` INT, `-- x` INT, `/*` INT, KEY `k ``1` (`a``b`), UNIQUE KEY `日` (`日本語`));
INSERT INTO `a b` VALUES (1, 2, 3, 'x', 5, 6, 7, 8, 9, '十', 11, 12, 13), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE `select` (`from` INT, `where` INT, PRIMARY KEY (`from`, `where`));
INSERT INTO `select` VALUES (1, 1), (1, 2);
CREATE TABLE `1e5` (`2` INT PRIMARY KEY, `0x1` INT);
INSERT INTO `1e5` VALUES (1, 1);
CREATE TABLE `ta_le` (id INT PRIMARY KEY);
CREATE TABLE `ta%le` (id INT PRIMARY KEY);
CREATE TABLE `tabXle` (id INT PRIMARY KEY);
CREATE TABLE `ΑΒΓ` (`id` INT PRIMARY KEY, `ж` INT);
INSERT INTO `ΑΒΓ` VALUES (1, 1);

-- workload
UPDATE `a b` SET `a``b` = 20, `'` = 'it''s', `日本語` = '百' WHERE `a b` = 2;
ALTER TABLE `a b` ADD COLUMN `new ``c` INT DEFAULT 4, RENAME COLUMN `order` TO `group`, DROP COLUMN `/*`;
INSERT INTO `a b` (`a b`, `new ``c`) VALUES (3, 5);
UPDATE `select` SET `where` = `where` + 1 ORDER BY `where` DESC;
INSERT INTO `1e5` VALUES (2, 2);
INSERT INTO `ta_le` VALUES (1);
INSERT INTO `ta%le` VALUES (2);
INSERT INTO `tabXle` VALUES (3);
RENAME TABLE `1e5` TO `e``1`, `ΑΒΓ` TO `Ünï`;
INSERT INTO `Ünï` VALUES (2, 2);
CREATE TABLE `table` (`key` INT PRIMARY KEY, `index` INT, KEY `primary key` (`index`));
INSERT INTO `table` VALUES (1, 1);
DROP TABLE `ta%le`;
