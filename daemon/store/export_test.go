package store

// StageOnly does what Commit does of a large batch before a crash: just before
// the mark, or just after it.
func StageOnly(s *Badger, b Batch, marked bool) error {
	puts, err := b.puts()
	if err != nil {
		return err
	}
	n, err := s.stage(puts)
	if err != nil || !marked {
		return err
	}
	return s.mark(n, b)
}
