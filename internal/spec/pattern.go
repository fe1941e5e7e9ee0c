package spec

// MatchPattern matches a name with a pattern of the pipeline language: '*'
// stands for any text, '?' for one character, all else for itself.
func MatchPattern(pattern, name string) bool {
	if pattern == name { // asked for each table map of a log
		return true
	}
	p, n := []rune(pattern), []rune(name)
	pi, ni, star, mark := 0, 0, -1, 0
	for ni < len(n) {
		switch {
		case pi < len(p) && p[pi] == '*':
			star, mark = pi, ni
			pi++
		case pi < len(p) && (p[pi] == '?' || p[pi] == n[ni]):
			pi++
			ni++
		case star >= 0: // the star takes one more character
			mark++
			pi, ni = star+1, mark
		default:
			return false
		}
	}
	for pi < len(p) && p[pi] == '*' {
		pi++
	}
	return pi == len(p)
}
