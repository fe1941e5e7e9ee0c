package stream

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/tidegate-io/tidegate/internal/change"
)

// spool keeps changes on disk that cannot be handed over yet: rows of a prepared
// XA transaction, and rows a savepoint may still take back. The file has no
// name, so it is gone with the process.
type spool struct {
	file   *os.File
	w      *bufio.Writer
	tables []*change.TableMap
	index  map[*change.TableMap]int
	size   int64
	buf    []byte
}

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, "tidegate-spool-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for a large transaction: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("make a file for a large transaction: %w", err)
	}
	return &spool{file: f, w: bufio.NewWriterSize(f, 1<<20), index: map[*change.TableMap]int{}}, nil
}

// add appends a change.
func (s *spool) add(ch *change.Change) error {
	i, ok := s.index[ch.Table]
	if !ok {
		i = len(s.tables)
		s.tables = append(s.tables, ch.Table)
		s.index[ch.Table] = i
	}
	flags := byte(ch.Op)
	if ch.CascadeLogged {
		flags |= 0x10
	}
	if ch.NoForeignKeys {
		flags |= 0x20
	}
	if ch.Lacks != nil {
		flags |= 0x40
	}
	b := append(s.buf[:0], flags)
	b = binary.AppendUvarint(b, uint64(i))
	b = append(b, ch.Lacks...) // a bit for every column
	for _, r := range [...]change.Row{ch.Before, ch.After} {
		b = binary.AppendUvarint(b, uint64(len(r.Image())))
		b = append(b, r.Image()...)
	}
	s.buf = b
	n, err := s.w.Write(b)
	s.size += int64(n)
	if err != nil {
		return fmt.Errorf("write a large transaction to disk: %w", err)
	}
	return nil
}

// truncate takes back everything after the first size bytes.
func (s *spool) truncate(size int64) error {
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("write a large transaction to disk: %w", err)
	}
	if err := s.file.Truncate(size); err != nil {
		return fmt.Errorf("shorten a large transaction on disk: %w", err)
	}
	_, err := s.file.Seek(size, io.SeekStart)
	s.size = size
	return err
}

// each reads the changes back. The images passed to f are f's to keep.
func (s *spool) each(f func(ch change.Change, size int) error) error {
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("write a large transaction to disk: %w", err)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read a large transaction back: %w", err)
	}
	r := spoolReader{r: bufio.NewReaderSize(s.file, 1<<20), tables: s.tables}
	for {
		ch, size, err := r.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a large transaction back: %w", err)
		}
		if err := f(ch, size); err != nil {
			return err
		}
	}
}

func (s *spool) close() { s.file.Close() }

type spoolReader struct {
	r      *bufio.Reader
	tables []*change.TableMap
	arena  arena
}

func (r *spoolReader) next() (change.Change, int, error) {
	flags, err := r.r.ReadByte()
	if err != nil {
		return change.Change{}, 0, err
	}
	i, err := binary.ReadUvarint(r.r)
	if err != nil || i >= uint64(len(r.tables)) {
		return change.Change{}, 0, fmt.Errorf("table %d of %d: %w", i, len(r.tables), io.ErrUnexpectedEOF)
	}
	ch := change.Change{Op: change.Op(flags & 0xf), Table: r.tables[i], CascadeLogged: flags&0x10 != 0, NoForeignKeys: flags&0x20 != 0}
	if flags&0x40 != 0 {
		ch.Lacks = make([]byte, (len(ch.Table.Types)+7)/8)
		if _, err := io.ReadFull(r.r, ch.Lacks); err != nil {
			return ch, 0, err
		}
	}
	size := changeCost
	for _, row := range [...]*change.Row{&ch.Before, &ch.After} {
		n, err := r.row(ch.Table, row)
		if err != nil {
			return ch, 0, err
		}
		size += n
	}
	return ch, size, nil
}

func (r *spoolReader) row(def *change.TableMap, row *change.Row) (int, error) {
	n, err := binary.ReadUvarint(r.r)
	if err != nil || n == 0 {
		return 0, err
	}
	image := r.arena.room(int(n))
	if _, err := io.ReadFull(r.r, image); err != nil {
		return 0, err
	}
	*row, _, err = def.Cut(image, r.arena.span(len(def.Types)))
	return int(n) + 8*len(def.Types), err
}
