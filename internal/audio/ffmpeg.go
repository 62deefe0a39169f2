package audio

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"debrief"
)

// ffmpegJob is one file to decode with ffmpeg.
type ffmpegJob struct {
	path         string
	kind         kind
	command      string // "" is ffmpeg from PATH
	salvage      bool
	ignoreLength bool   // a WAV file whose length was never filled in
	damage       string // what is known to be missing before ffmpeg looks, "" for nothing
}

// args builds the command line. The demuxer is named, only files are allowed and the first
// audio stream is taken, so that the content of a file cannot make ffmpeg open anything else.
// One thread and bit-exact flags: the same file gives the same samples on any machine.
func (j ffmpegJob) args() []string {
	a := []string{
		"-hide_banner", "-nostdin", "-nostats", "-v", "level+info", "-threads", "1",
		"-protocol_whitelist", "file", "-f", j.kind.demuxer,
	}
	if j.ignoreLength {
		a = append(a, "-ignore_length", "1")
	}
	return append(a, "-i", "file:"+j.path, "-map", "0:a:0", "-ac", "1", "-ar", strconv.Itoa(debrief.SampleRate),
		"-bitexact", "-c:a", "pcm_s16le", "-f", "s16le", "pipe:1")
}

// killGrace is how long a killed ffmpeg may hold its pipes before they are closed under it.
const killGrace = 2 * time.Second

// lengthSlack is by how much the samples may fall short of the length in the header: encoders
// count their delay and padding differently, at most a few frames of 72 ms.
const lengthSlack = debrief.SampleRate / 2 // samples

// ffmpegDecoder reads samples from a running ffmpeg.
type ffmpegDecoder struct {
	job    ffmpegJob
	cmd    *exec.Cmd
	cancel context.CancelFunc
	ctx    context.Context // of the child, to tell our own kill from a crash
	out    *bufio.Reader
	log    *ffmpegLog
	buf    []byte
	done   debrief.Samples
	passed []string
	verdict
}

// verdict is how the child ended, found once.
type verdict struct {
	once sync.Once
	err  error
}

func startFFmpeg(ctx context.Context, job ffmpegJob) (*ffmpegDecoder, error) {
	command := job.command
	if command == "" {
		command = "ffmpeg"
	}
	if _, err := exec.LookPath(command); err != nil {
		return nil, fault(debrief.ErrUnavailable, fmt.Sprintf("%s is needed to decode %s and is not installed", command, job.kind.name),
			"install ffmpeg (Debian: apt-get install ffmpeg; macOS: brew install ffmpeg), or convert the file to 16 kHz mono WAV")
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, command, job.args()...)
	cmd.WaitDelay = killGrace
	d := &ffmpegDecoder{job: job, cmd: cmd, ctx: ctx, cancel: cancel, log: new(ffmpegLog)}
	if job.damage != "" {
		d.passed = []string{job.damage}
	}
	cmd.Stderr = d.log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fault(debrief.ErrUnavailable, fmt.Sprintf("%s does not start: %v", command, err), "check the installation: ffmpeg -version")
	}
	d.out = bufio.NewReaderSize(out, readBuffer)
	return d, nil
}

// total is the length in the header, once ffmpeg has printed it: about when the first samples come.
func (d *ffmpegDecoder) total() debrief.Samples { return d.log.report().total }

func (d *ffmpegDecoder) Read(dst []int16) (int, error) {
	n := min(len(dst), readBuffer/2)
	if n == 0 {
		return 0, nil
	}
	if cap(d.buf) < 2*n {
		d.buf = make([]byte, 2*n)
	}
	// At least one sample, and no waiting for more than the pipe holds.
	got, err := io.ReadAtLeast(d.out, d.buf[:2*n], 2)
	if got%2 == 1 && err == nil {
		_, err = io.ReadFull(d.out, d.buf[got:got+1])
		got++
	}
	if err != nil {
		return 0, d.end()
	}
	n = got / 2
	for i := range n {
		dst[i] = int16(binary.LittleEndian.Uint16(d.buf[2*i:]))
	}
	d.done += debrief.Samples(n)
	return n, nil
}

// end waits for the child and says how it ended: io.EOF only when the file was decoded whole,
// or when what is missing may be passed over.
func (d *ffmpegDecoder) end() error {
	d.once.Do(func() {
		exit := d.cmd.Wait()
		defer d.cancel()
		if err := d.ctx.Err(); err != nil {
			d.err = err
			return
		}
		d.err = d.judge(exit, d.log.report())
		if d.err != io.EOF && d.job.salvage && d.done > 0 {
			d.passed = append(d.passed, d.err.Error())
			d.err = io.EOF
		}
	})
	return d.err
}

// judge weighs exit status and log. ffmpeg ends with status 0 after most damage, so the log
// decides; where it says nothing, the length in the header does.
func (d *ffmpegDecoder) judge(exit error, r ffmpegReport) error {
	switch {
	case r.noAudio:
		return fault(debrief.ErrNoAudio, "there is no sound track in the file", "leave the file out")
	case r.cut != "" && d.done == 0:
		return fault(debrief.ErrTruncated, "the file is cut off and nothing of it can be decoded ("+r.cut+")",
			"copy the file again from the recorder; the index at its end is missing")
	case r.cut != "":
		return truncated("the file is cut off (" + r.cut + ")")
	case d.job.kind.timed && !r.estimated && d.done < r.total-lengthSlack:
		return truncated(fmt.Sprintf("the header promises %s, there are %s", r.total, d.done))
	case len(r.faults) > 0:
		return damaged("ffmpeg reports damage (" + strings.Join(r.faults, "; ") + ")")
	case exit != nil:
		var status *exec.ExitError
		if errors.As(exit, &status) {
			return damaged("ffmpeg ended with " + status.String())
		}
		return fmt.Errorf("wait for ffmpeg: %w", exit)
	}
	return io.EOF
}

// Close ends the child, if it still runs, and waits for it.
func (d *ffmpegDecoder) Close() error {
	d.cancel()
	d.end()
	return nil
}

func (d *ffmpegDecoder) notes() []string { return d.passed }

// ffmpegReport is what ffmpeg's log tells.
type ffmpegReport struct {
	total     debrief.Samples // length in the header, to 10 ms
	estimated bool            // total is a guess from the bit rate
	cut       string          // the line that says the file ends too early
	noAudio   bool
	faults    []string // other errors, at most maxFaults
}

// maxFaults bounds the error lines kept: a damaged file brings thousands of the same kind.
const maxFaults = 3

// maxLogLine bounds a line of the log, in bytes; tags of a file may be of any length.
const maxLogLine = 1 << 10

// ffmpegLog takes stderr line by line and keeps what matters.
type ffmpegLog struct {
	mu   sync.Mutex
	line []byte
	r    ffmpegReport
}

func (l *ffmpegLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range p {
		switch {
		case b == '\n':
			l.r.add(string(l.line))
			l.line = l.line[:0]
		case len(l.line) < maxLogLine:
			l.line = append(l.line, b)
		}
	}
	return len(p), nil
}

func (l *ffmpegLog) report() ffmpegReport {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r
}

var (
	duration = regexp.MustCompile(`^\[info\]   Duration: (\d+):(\d\d):(\d\d\.\d+),`)
	logLevel = regexp.MustCompile(`^(?:\[([^\]@]+) @ [^\]]+\] )?\[(warning|error|fatal|panic)\] (.*)$`)
	// cutOff are the words of ffmpeg's demuxers for a file that ends too early (libavformat 5.1).
	cutOff = regexp.MustCompile(`(?i)partial file|ended prematurely|truncat|moov atom not found|packet corrupt|corrupt input packet|filesize and duration do not match`)
)

func (r *ffmpegReport) add(line string) {
	if m := duration.FindStringSubmatch(line); m != nil {
		h, _ := strconv.Atoi(m[1])
		min, _ := strconv.Atoi(m[2])
		sec, _ := strconv.ParseFloat(m[3], 64)
		r.total = debrief.SamplesOf(float64(h*3600+min*60) + sec)
		return
	}
	m := logLevel.FindStringSubmatch(line)
	if m == nil {
		return
	}
	text := m[3]
	switch {
	case strings.HasPrefix(text, "Estimating duration from bitrate"):
		r.estimated = true
	case strings.Contains(text, "matches no streams"):
		r.noAudio = true
	case cutOff.MatchString(text):
		if r.cut == "" {
			r.cut = clean(m[1], text)
		}
	case m[2] != "warning" && len(r.faults) < maxFaults:
		r.faults = append(r.faults, clean(m[1], text))
	}
}

// clean puts the part of ffmpeg in front and takes the path out: the error names it already.
func clean(part, text string) string {
	if i := strings.Index(text, "file:"); i == 0 {
		if j := strings.LastIndex(text, ": "); j > 0 {
			text = text[j+2:]
		}
	}
	if part == "" {
		return text
	}
	return part + ": " + text
}
