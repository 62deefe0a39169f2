// Command debrief-capture reads a microphone through PortAudio and writes what it hears to its
// output. debrief record runs it, restarts it when PortAudio hangs or dies, and does everything
// else itself; nobody needs to call it by hand. Nothing is linked into it that it does not need.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"debrief/capture/sound"
)

// smallHeap in percent is how much garbage may gather: a hundred milliseconds of sound at a time
// make little, and this process runs for hours.
const smallHeap = 25

// version is set by the linker: make build.
var version = "unreleased"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("debrief-capture version", version)
		return
	}
	debug.SetGCPercent(smallHeap)
	runtime.GOMAXPROCS(1) // PortAudio has its own threads; ours waking each other up doubled the cost
	os.Exit(sound.Child(os.Args[1:], os.Stdin, os.Stdout))
}
