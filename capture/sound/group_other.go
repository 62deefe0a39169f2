//go:build !unix

package sound

import "syscall"

func ownGroup() *syscall.SysProcAttr { return nil }
