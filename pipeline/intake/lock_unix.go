//go:build unix

package intake

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"debrief"
)

// lock takes a lock that the system gives back when the process ends in whatever way.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("lock the folder of uploads: %w", diskError(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		err = errors.Join(err, f.Close())
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("the folder of uploads is in use: %w", debrief.ErrConflict)
		}
		return nil, fmt.Errorf("lock the folder of uploads: %w", err)
	}
	return f, nil
}
