//go:build !unix

package intake

import (
	"fmt"
	"os"
)

// lock opens the file alone: this system has no lock that ends with its process, so whoever
// starts two servers on one folder must know what they do.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("open the folder of uploads: %w", diskError(err))
	}
	return f, nil
}
