package schema

// trusted are the collations whose weights are the servers'.
var trusted = map[string]bool{
	"utf8mb4_0900_ai_ci": true, "utf8mb4_0900_as_ci": true, "utf8mb4_0900_as_cs": true, "utf8mb4_0900_bin": true,
	"utf8mb4_general_ci": true, "utf8mb4_bin": true, "utf8mb4_unicode_ci": true, "utf8mb4_unicode_520_ci": true,
	"utf8mb3_general_ci": true, "utf8mb3_bin": true, "utf8mb3_unicode_ci": true,
	"latin1_swedish_ci": true, "latin1_general_ci": true, "latin1_general_cs": true, "latin1_bin": true,
	"ascii_general_ci": true, "ascii_bin": true,
}
