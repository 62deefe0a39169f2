// Package proc reads what Linux tells of a process under /proc, for the programs that measure. Call [Memory]. It says nothing
// elsewhere.
package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// The fields of memory.
const (
	Resident     = "VmRSS" // held now, shared pages counted whole
	Peak         = "VmHWM" // the most ever held by this program; getrusage would carry over what its parent held
	Proportional = "Pss"   // held now, shared pages by the number of those who share them
)

// Memory is a field of a process's memory in MB.
func Memory(pid int, field string) (float64, error) {
	file := "status"
	if field == Proportional {
		file = "smaps_rollup"
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == field+":" {
			kB, err := strconv.ParseFloat(words[1], 64)
			return kB / 1024, err
		}
	}
	return 0, fmt.Errorf("read memory: %s of process %d is not told", field, pid)
}
