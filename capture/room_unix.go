//go:build unix

package capture

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// FreeSpace is the room left for an ordinary user on the disk of a directory, in bytes.
func FreeSpace(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
