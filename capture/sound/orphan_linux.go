package sound

import "syscall"

// endWithParent has the kernel end a helper that would outlive a killed recorder: pactl ignores
// the broken pipe, and each orphan keeps one of a sound server's 64 connections for good.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGKILL }
