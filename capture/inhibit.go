package capture

import (
	"fmt"
	"os/exec"
	"runtime"

	"debrief"
)

// Inhibit keeps the machine awake until release is called or this process ends, in whatever way.
// [debrief.ErrNotFound] where there is no tool for it.
func Inhibit() (release func(), err error) {
	// The helper waits for the end of its input, which comes with the end of this process.
	args := []string{"systemd-inhibit", "--what=sleep:idle:handle-lid-switch", "--who=debrief", "--why=recording", "--mode=block", "cat"}
	if runtime.GOOS == "darwin" {
		args = []string{"caffeinate", "-dis", "cat"}
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, debrief.WithHint(fmt.Errorf("keep the machine awake: %s: %w", args[0], debrief.ErrNotFound),
			"switch suspend off in the system's settings for the time of the recording")
	}
	cmd := exec.Command(path, args[1:]...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("keep the machine awake: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("keep the machine awake: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait() // without a session bus it ends at once; then nothing is inhibited and nothing is lost
		close(ended)
	}()
	return func() {
		stdin.Close()
		<-ended
	}, nil
}
