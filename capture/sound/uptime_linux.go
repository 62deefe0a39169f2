package sound

import (
	"time"

	"golang.org/x/sys/unix"
)

// Uptime is a clock that all processes of the machine share, that no one sets, and that goes on
// while the machine sleeps: a suspended laptop is time in which nothing was heard.
func Uptime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return time.Duration(time.Now().UnixNano()) // no kernel since 2.6.39 refuses
	}
	return time.Duration(ts.Nano())
}
