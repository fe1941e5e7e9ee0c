-- Characters in composed and decomposed form, joiners and ignorable ones, in unique keys.

-- setup
CREATE TABLE t (k VARCHAR(40) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT);
CREATE TABLE u (k VARCHAR(40) COLLATE utf8mb4_unicode_520_ci PRIMARY KEY, v INT);
CREATE TABLE b (k VARCHAR(40) COLLATE utf8mb4_bin PRIMARY KEY, v INT);
INSERT INTO t VALUES (_utf8mb4 0xC3A9, 1), (_utf8mb4 0x65CC81, 2), ('ﬁ', 3), ('fi', 4), ('①', 5), ('１', 6), (_utf8mb4 0xE2808D, 7);
INSERT INTO u VALUES (_utf8mb4 0xC3A9, 1), ('ﬁ', 3), ('②', 5), ('ñ', 6), ('ｱ', 8);
INSERT INTO b SELECT k, v FROM t;

-- workload
UPDATE t SET v = v + 10;
UPDATE t SET k = CONCAT(k, _utf8mb4 0xCC81) WHERE v = 14;
DELETE FROM t WHERE k = _utf8mb4 0x65CC81;
UPDATE u SET k = _utf8mb4 0x65CC81 WHERE v = 1;
UPDATE u SET k = 'FI' WHERE v = 3;
UPDATE u SET k = '2' WHERE v = 5;
UPDATE u SET k = _utf8mb4 0x6ECC83 WHERE v = 6;
UPDATE b SET v = v + 10;
DELETE FROM b WHERE k = _utf8mb4 0xC3A9;
INSERT INTO b VALUES (_utf8mb4 0xC3A9CC81, 9);
