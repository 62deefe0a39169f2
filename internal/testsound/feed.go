package testsound

import (
	"encoding/binary"
	"io"
	"os"
	"os/exec"
)

// RampPeriod is the length of the ramp in samples: sample n has the value n mod RampPeriod,
// lowered by half the period. Every lost, doubled or inserted sample breaks it visibly.
const RampPeriod = 60000

// RampValue is sample n of the ramp.
func RampValue(n int64) int16 { return int16(n%RampPeriod - RampPeriod/2) }

// RampPhase is the n in [0, RampPeriod) of a sample of the ramp.
func RampPhase(v int16) int64 { return int64(v) + RampPeriod/2 }

// FeedRamp plays the ramp into a source without end.
func (s *Server) FeedRamp(source string) { s.Feed(source, &ramp{}) }

// Feed plays 16 bit little-endian samples into a source; after their end the source is silent.
// It plays until the reader ends, the server is killed, or the test ends.
func (s *Server) Feed(source string, pcm io.Reader) {
	s.tb.Helper()
	// A player that asks for little latency makes the null sink work in small blocks. Without it
	// the sink moves two seconds at a time, and nothing arrives for the first two.
	s.play(source, nil, "--latency-msec=50", "/dev/zero")
	// The feeding player itself keeps a deep buffer: a shallow one runs dry on a loaded machine,
	// and zeros get into the feed that the recorder then faithfully records.
	s.play(source, pcm, "--latency-msec=2000")
}

func (s *Server) play(source string, stdin io.Reader, args ...string) {
	s.tb.Helper()
	cmd := exec.Command("pacat", append([]string{"--raw", "--rate=16000", "--format=s16le", "--channels=1", "-d", "feed_" + source}, args...)...)
	cmd.Env = s.Env()
	// A pipe of our own: exec would wait for a reader that never ends.
	var pipe io.WriteCloser
	if stdin != nil {
		var err error
		if pipe, err = cmd.StdinPipe(); err != nil {
			s.tb.Fatal(err)
		}
	}
	if err := cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	if pipe != nil {
		go func() {
			io.Copy(pipe, stdin) // ends with the player: a write to it then fails
			pipe.Close()
		}()
	}
	s.mu.Lock()
	s.players = append(s.players, cmd)
	s.mu.Unlock()
}

func (s *Server) stopPlayers() {
	s.mu.Lock()
	players := s.players
	s.players = nil
	s.mu.Unlock()
	for _, p := range players {
		p.Process.Signal(os.Kill)
		p.Wait()
	}
}

type ramp struct{ n int64 }

func (r *ramp) Read(p []byte) (int, error) {
	n := len(p) / 2
	for i := range n {
		binary.LittleEndian.PutUint16(p[2*i:], uint16(RampValue(r.n)))
		r.n++
	}
	return 2 * n, nil
}
