package spec

import "strings"

// MatchPattern matches a name with a pattern of the pipeline language: '*'
// stands for any characters, '?' for one. Everything else is itself.
func MatchPattern(pattern, name string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return len([]rune(pattern)) == len([]rune(name)) && matchPrefix(pattern, name) >= 0
	}
	n := matchPrefix(head, name)
	if n < 0 {
		return false
	}
	for i := n; i <= len(name); i++ {
		if MatchPattern(rest, name[i:]) {
			return true
		}
	}
	return false
}

// matchPrefix returns how many bytes of name the star-free pattern takes, -1 if
// it does not match there.
func matchPrefix(pattern, name string) int {
	at := 0
	for _, p := range pattern {
		if at >= len(name) {
			return -1
		}
		c, size := []rune(name[at:])[0], 0
		size = len(string(c))
		if p != '?' && p != c {
			return -1
		}
		at += size
	}
	return at
}
