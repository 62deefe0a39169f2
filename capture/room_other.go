//go:build !unix

package capture

import "errors"

// FreeSpace is the room left for an ordinary user on the disk of a directory, in bytes.
func FreeSpace(string) (int64, error) { return 0, errors.ErrUnsupported }
