package sound

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"debrief"
)

const (
	// frameSamples is 100 ms: long enough to cost next to nothing, short enough that a killed
	// process takes little with it.
	frameSamples = debrief.SampleRate / 10
	// queueLimit is how much sound the child holds when the parent does not read, in samples. A
	// disk can stall for seconds; a minute is 2 MB.
	queueLimit = 60 * debrief.SampleRate
	// stopPatience is how long a stop waits for PortAudio before the process ends regardless.
	stopPatience = time.Second
)

// input is an open microphone: what the PortAudio half of this package gives the child.
type input interface {
	// read fills pcm with 16 kHz mono, and tells how many samples are waiting behind these already:
	// so much earlier than now the last of them was heard.
	read(pcm []int16) (waiting int, err error)
	close()
}

// Child is the main function of the capture process. args are what [Host] passes. It reads the
// microphone, writes frames to out, and ends when in ends: with its parent, that is. It returns the
// exit code.
func Child(args []string, in io.Reader, out io.Writer) int {
	if len(args) == 1 && args[0] == "list" {
		return childList(out)
	}
	if len(args) != 3 || args[0] != "open" {
		return 2
	}
	latency, err := time.ParseDuration(args[2])
	if err != nil {
		return 2
	}
	mic, err := openInput(args[1], latency)
	if err != nil {
		out.Write(appendMessage(nil, msgError, complaint(err)))
		return 1
	}
	if _, err := out.Write(appendMessage(nil, msgOpened, []byte(args[1]))); err != nil {
		return 1
	}
	q := newQueue()
	go func() {
		io.Copy(io.Discard, in)
		q.end("")
	}()
	readerDone := make(chan struct{})
	go func() {
		defer close(readerDone)
		readAll(mic, q)
	}()
	code := q.writeTo(out)
	// PortAudio crashes when a stream is closed under a reader, and hangs when its server died.
	// The process is about to end either way, so it is asked politely and not waited for long.
	select {
	case <-readerDone:
		mic.close()
	case <-time.After(stopPatience):
	}
	return code
}

// complaint is an error with its hint in the line below.
func complaint(err error) []byte { return []byte(err.Error() + "\n" + debrief.Hint(err)) }

func childList(out io.Writer) int {
	devices, err := listInputs()
	if err != nil {
		out.Write(appendMessage(nil, msgError, complaint(err)))
		return 1
	}
	body, err := json.Marshal(devices)
	if err != nil {
		return 1
	}
	if _, err := out.Write(appendMessage(nil, msgList, body)); err != nil {
		return 1
	}
	return 0
}

// readAll never waits for anything but the microphone.
func readAll(mic input, q *queue) {
	for {
		pcm := make([]int16, frameSamples)
		waiting, err := mic.read(pcm)
		if err != nil {
			q.end(err.Error())
			return
		}
		if !q.put(Frame{At: Uptime() - debrief.Samples(waiting).Duration(), PCM: pcm}) {
			return
		}
	}
}

// queue stands between the microphone, which does not wait, and the pipe, which may.
type queue struct {
	mu     sync.Mutex
	wake   *sync.Cond
	frames []Frame
	held   int // samples in frames
	lost   int // samples dropped since the last frame taken in
	ended  bool
	reason string
}

func newQueue() *queue {
	q := &queue{}
	q.wake = sync.NewCond(&q.mu)
	return q
}

// put adds a frame, or drops and counts it when the queue is full; false when the queue has ended.
func (q *queue) put(f Frame) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return false
	}
	if q.held+len(f.PCM) > queueLimit {
		q.lost += len(f.PCM)
		return true
	}
	f.Lost, q.lost = q.lost, 0
	q.frames = append(q.frames, f)
	q.held += len(f.PCM)
	q.wake.Signal()
	return true
}

// end lets writeTo return after what is queued; the first reason counts, "" is none.
func (q *queue) end(reason string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.ended {
		q.ended, q.reason = true, reason
	}
	q.wake.Signal()
}

// writeTo writes frames until the end or until nobody reads.
func (q *queue) writeTo(out io.Writer) int {
	var b []byte
	for {
		q.mu.Lock()
		for len(q.frames) == 0 && !q.ended {
			q.wake.Wait()
		}
		frames := q.frames
		q.frames, q.held = nil, 0
		ended, reason := q.ended, q.reason
		q.mu.Unlock()
		b = b[:0]
		for _, f := range frames {
			b = appendFrame(b, f)
		}
		if ended && reason != "" {
			b = appendMessage(b, msgError, []byte(reason))
		}
		if _, err := out.Write(b); err != nil {
			q.end("")
			return 1
		}
		if ended {
			if reason != "" {
				return 1
			}
			return 0
		}
	}
}
