-- Views whose names, columns and literals are hard to read.

-- setup
CREATE TABLE `odd ``t` (`select` INT PRIMARY KEY, `a.b` INT, `ü 日` VARCHAR(20), `it's` INT);
INSERT INTO `odd ``t` VALUES (1, 2, 'x', 3);
CREATE VIEW `view ``v` AS SELECT `select` AS `from`, `a.b`, `ü 日` AS `ö "q"`, `it's` AS `100%` FROM `odd ``t`;
CREATE VIEW lits AS SELECT 'it''s' AS a, "dq" AS b, 'back\\slash' AS c, x'00FF' AS d, b'101' AS e, 1.50 AS f, 1e3 AS g, NULL AS h, TRUE AS i, DATE '2020-01-01' AS j, N'näh' AS k, _latin1 'e' AS l, '😀' AS m;
CREATE VIEW alias AS SELECT x.`select`, y.`select` AS s2 FROM `odd ``t` AS x JOIN `odd ``t` AS y ON x.`select` <= y.`select`;

-- workload
INSERT INTO `odd ``t` VALUES (2, 3, 'ü', 4);
CREATE VIEW `2` AS SELECT `view ``v`.`100%` AS `1` FROM `view ``v`;
CREATE VIEW dotted AS SELECT `{db}`.`odd ``t`.`a.b` FROM `{db}`.`odd ``t`;
DROP VIEW alias;
