package spool

import (
	"fmt"
	"os"
	"path/filepath"
)

// Held is a recording that nobody else can write, mend or remove meanwhile.
type Held struct {
	dir     string
	lock    *os.File
	journal *journal
}

// Hold takes a recording that nobody writes: [ErrBusy] when somebody does. The caller closes it.
func Hold(dir string) (*Held, error) {
	l, err := lock(dir)
	if err != nil {
		return nil, err
	}
	j, err := openJournal(dir)
	if err != nil {
		l.Close()
		return nil, err
	}
	return &Held{dir, l, j}, nil
}

// Note adds a journal entry and syncs it.
func (h *Held) Note(e Entry) error {
	if err := h.journal.add(e); err != nil {
		return err
	}
	return diskError(h.journal.f.Sync())
}

// Remove deletes the recording's directory. The caller answers for its being stored elsewhere.
func (h *Held) Remove() error {
	if err := os.RemoveAll(h.dir); err != nil {
		return fmt.Errorf("remove %s: %w", filepath.Base(h.dir), diskError(err))
	}
	return syncDir(filepath.Dir(h.dir))
}

// Close gives the recording back. It may be called twice.
func (h *Held) Close() {
	h.journal.f.Close()
	h.lock.Close()
}
