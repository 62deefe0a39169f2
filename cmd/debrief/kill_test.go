package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"debrief/internal/testenv"

	"github.com/google/go-cmp/cmp"
)

// kills is how often the batch is killed before it may finish; the moments are drawn anew in
// every round, from the whole length of an undisturbed run.
const kills = 12

var madeAt = regexp.MustCompile(`"made":"[^"]*"`)

// TestKill ends the real program with SIGKILL at random moments, again and again over the same
// store, and wants what an undisturbed run leaves, but for the time of day.
func TestKill(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "debrief")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	file := clip(t, "c01_s2_immediate.ogg", "19", "30")
	command := func(store string) *exec.Cmd {
		cmd := exec.Command(bin, "batch", "--client", "c01", "--session", "2", "--phase", "immediate", "--store", store, "--quiet", file)
		cmd.Env = append(os.Environ(), "DEBRIEF_MODELS="+filepath.Join(testenv.Root(t), "models"))
		return cmd
	}
	finish := func(store string) map[string]string {
		if out, err := command(store).CombinedOutput(); err != nil {
			t.Fatalf("batch: %v: %s", err, out)
		}
		left := files(t, store)
		for name, data := range left {
			if filepath.Ext(name) == ".json" {
				left[name] = madeAt.ReplaceAllString(data, `"made":"-"`)
			}
		}
		return left
	}

	began := time.Now()
	want := finish(t.TempDir())
	whole := time.Since(began)

	seed := uint64(began.UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	killed := t.TempDir()
	for range kills {
		cmd := command(killed)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-time.After(time.Duration(random.Int64N(int64(whole)))):
			_ = cmd.Process.Kill() // it may have ended this very moment
			<-ended
		case <-ended:
		}
	}
	if diff := cmp.Diff(want, finish(killed)); diff != "" {
		t.Errorf("another end state (-undisturbed +killed):\n%s", diff)
	}
}
