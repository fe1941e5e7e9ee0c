-- Four-byte characters, controls, quotes, and texts that look like SQL.

-- setup
CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200), b VARBINARY(200)) DEFAULT CHARSET utf8mb4;
INSERT INTO t VALUES (1, '😀👩‍👩‍👧‍👦🏳️‍🌈', '😀'), (2, 'quote '' and " and ` and \\', 0x27225C60), (3, 'line\nfeed\r\ttab\0nul\Zctrl-z\bback', 0x00080A0D1A), (4, '\\n is not a newline', '\\0'),
  (5, ''' OR 1=1; DROP TABLE t; -- ', '/* */'), (6, '%_\\%\\_', '\%\_'), (7, 'a\\', '\\'), (8, '\\''', '''\\'), (9, 'ｆｕｌｌ　ｗｉｄｔｈ', 'NULL'), (10, 'NULL', 'DEFAULT'), (11, '$1 ? :x {db} %s', '?'), (12, 'Ω≈ç√∫˜µ≤≥÷ i̇ ǅ ﬀ', '');

-- workload
INSERT INTO t SELECT id + 100, v, b FROM t;
UPDATE t SET v = CONCAT(v, '\\', '''', v), b = CONCAT(b, 0x5C, 0x27, 0x00) WHERE id > 100;
UPDATE t SET v = REVERSE(v) WHERE id BETWEEN 1 AND 12;
DELETE FROM t WHERE v LIKE '%DROP TABLE%' AND id < 100;
