package capture

import (
	"bufio"
	"fmt"
	"os/exec"
	"runtime"

	"debrief"
)

// Inhibit keeps the machine awake until release is called or this process ends, in whatever way.
// [debrief.ErrNotFound] where there is no tool for it, [debrief.ErrUnavailable] where it does not work.
func Inhibit() (release func(), err error) {
	// The helper says that it holds, and waits for the end of its input, which comes with the end
	// of this process.
	args := []string{"systemd-inhibit", "--what=sleep:idle:handle-lid-switch", "--who=debrief", "--why=recording", "--mode=block"}
	if runtime.GOOS == "darwin" {
		args = []string{"caffeinate", "-dis"}
	}
	args = append(args, "sh", "-c", "echo holds; exec cat")
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, debrief.WithHint(fmt.Errorf("keep the machine awake: %s: %w", args[0], debrief.ErrNotFound),
			hintAwake)
	}
	cmd := exec.Command(path, args[1:]...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("keep the machine awake: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("keep the machine awake: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("keep the machine awake: %w", err)
	}
	release = func() {
		stdin.Close()
		cmd.Wait()
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		release()
		return nil, debrief.WithHint(fmt.Errorf("keep the machine awake: %s is refused: %w", args[0], debrief.ErrUnavailable), hintAwake)
	}
	return release, nil
}

const hintAwake = "switch suspend off in the system's settings for the time of the recording"
