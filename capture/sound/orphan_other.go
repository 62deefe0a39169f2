//go:build !linux

package sound

import "syscall"

// endWithParent does nothing: there is no sound server to watch on other systems.
func endWithParent(*syscall.SysProcAttr) {}
