package proc

import (
	"os"
	"runtime"
	"testing"
)

func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	get := func(field string) float64 {
		mb, err := Memory(os.Getpid(), field)
		if err != nil {
			t.Fatal(err)
		}
		return mb
	}
	before := get(Resident)
	held := make([]byte, 64<<20)
	for i := range held {
		held[i] = 1
	}
	now, share, peak := get(Resident), get(Proportional), get(Peak)
	runtime.KeepAlive(held)
	if now < before+60 || share < 60 || peak < now-1 {
		t.Errorf("64 MB more than %.0f: resident %.0f, proportional %.0f, peak %.0f", before, now, share, peak)
	}
	if mb, err := Memory(os.Getpid(), "VmNothing"); err == nil {
		t.Errorf("a field that is not there is %f MB", mb)
	}
}
