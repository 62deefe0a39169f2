package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"debrief"
)

const (
	// defaultLayout is one minute a segment: small enough to upload over a bad line, and no
	// file comes near the 4 GiB at which a WAV header ends.
	defaultLayout = 60 * debrief.SampleRate
	// defaultSyncEvery bounds what a power cut takes. An fsync costs about 4 ms, rarely 100 ms.
	defaultSyncEvery = time.Second
)

// Config describes a writer.
type Config struct {
	Root      string           // the spool's directory; made when missing
	Who       Who              // whose recording; for [Create]
	Layout    debrief.Samples  // length of a segment in samples, default one minute
	SyncEvery time.Duration    // default one second
	Now       func() time.Time // wall clock, default time.Now
}

func (c *Config) fill() error {
	if c.Root == "" {
		return fmt.Errorf("spool without a directory: %w", debrief.ErrInvalid)
	}
	if c.Layout < 0 || c.SyncEvery < 0 {
		return fmt.Errorf("spool with a negative length: %w", debrief.ErrInvalid)
	}
	if c.Layout == 0 {
		c.Layout = defaultLayout
	}
	if c.SyncEvery == 0 {
		c.SyncEvery = defaultSyncEvery
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// Writer writes one recording. Append and Note return as soon as the system has the bytes, which
// a crash of the process then cannot take; a goroutine syncs them. Safe for concurrent use.
type Writer struct {
	cfg  Config
	dir  string
	lock *os.File

	mu      sync.Mutex // guards everything below
	journal *journal
	cur     *segment   // nil until the next sample arrives
	full    []*segment // written to the end, not yet finished
	next    int        // index of the next segment
	samples debrief.Samples
	safe    debrief.Samples // synced, or in a finished segment
	err     error           // the first error; nothing is appended after it
	scratch []byte

	syncing sync.Mutex // one sync at a time; taken before mu
	stop    chan struct{}
	stopped chan struct{}
	closed  bool
}

// Create begins a recording. Its directory appears complete, locked and with a journal, or not at all.
func Create(cfg Config) (*Writer, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	if _, err := debrief.ParseRecordingID(string(cfg.Who.ID)); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Root, dirMode); err != nil {
		return nil, fmt.Errorf("make the spool: %w", diskError(err))
	}
	dir := Dir(cfg.Root, cfg.Who.ID)
	if _, err := os.Stat(dir); err == nil {
		return nil, fmt.Errorf("recording %s is there already: %w", cfg.Who.ID, debrief.ErrConflict)
	}
	tmp := filepath.Join(cfg.Root, newPrefix+string(cfg.Who.ID))
	w, err := create(cfg, tmp)
	if err != nil {
		os.RemoveAll(tmp)
		return nil, fmt.Errorf("begin a recording: %w", err)
	}
	err = os.Rename(tmp, dir)
	if err == nil {
		err = syncDir(cfg.Root)
	}
	if err != nil {
		w.release()
		os.RemoveAll(tmp)
		return nil, fmt.Errorf("begin a recording: %w", diskError(err))
	}
	w.dir = dir
	go w.run()
	return w, nil
}

func create(cfg Config, dir string) (*Writer, error) {
	if err := os.Mkdir(dir, dirMode); err != nil {
		return nil, diskError(err)
	}
	l, err := lock(dir)
	if err != nil {
		return nil, err
	}
	w, err := open(cfg, dir, l)
	if err != nil {
		l.Close()
		return nil, err
	}
	err = w.journal.add(Entry{Kind: KindStart, Wall: cfg.Now(), Who: &cfg.Who, Layout: cfg.Layout})
	if err == nil {
		err = diskError(w.journal.f.Sync())
	}
	if err != nil {
		w.release()
		return nil, err
	}
	return w, nil
}

// open makes a writer for a locked directory.
func open(cfg Config, dir string, l *os.File) (*Writer, error) {
	j, err := openJournal(dir)
	if err != nil {
		return nil, err
	}
	if err := writeBallast(dir); err != nil {
		j.f.Close()
		return nil, err
	}
	if err := syncDir(dir); err != nil {
		j.f.Close()
		return nil, err
	}
	return &Writer{
		cfg: cfg, dir: dir, lock: l, journal: j,
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}, nil
}

func writeBallast(dir string) error {
	// Written, not truncated to size: a hole in a file holds no space.
	err := os.WriteFile(filepath.Join(dir, ballastName), make([]byte, ballastBytes), fileMode)
	if err != nil {
		return fmt.Errorf("reserve room for the end: %w", diskError(err))
	}
	return nil
}

func (w *Writer) release() {
	w.journal.f.Close()
	w.lock.Close()
}

// Dir is the recording's directory.
func (w *Writer) Dir() string { return w.dir }

// Samples is the number of samples appended, in the whole recording.
func (w *Writer) Samples() debrief.Samples {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.samples
}

// Safe is the number of samples that a power cut cannot take any more.
func (w *Writer) Safe() debrief.Samples {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.safe
}

// Append writes samples. After an error, [debrief.ErrDiskFull] above all, the writer takes no
// more, keeps every whole sample it has, and waits for Close.
func (w *Writer) Append(pcm []int16) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.scratch = w.scratch[:0]
	for _, v := range pcm {
		w.scratch = binary.LittleEndian.AppendUint16(w.scratch, uint16(v))
	}
	for b := w.scratch; len(b) > 0; {
		if w.cur == nil {
			if w.cur, w.err = createSegment(w.dir, w.next, w.samples); w.err != nil {
				return w.fail()
			}
			w.next++
		}
		room := min(int(w.cfg.Layout-w.cur.n)*bytesPerSample, len(b))
		n, err := w.cur.append(b[:room])
		w.samples += n
		if err != nil {
			w.err = err
			return w.fail()
		}
		b = b[room:]
		if w.cur.n == w.cfg.Layout {
			w.full, w.cur = append(w.full, w.cur), nil
		}
	}
	return nil
}

// fail gives the ballast back, so that the end of the recording can be written on a full disk.
func (w *Writer) fail() error {
	os.Remove(filepath.Join(w.dir, ballastName)) // when it is gone already, nothing is lost
	return w.err
}

// Note writes a journal entry; a zero Wall becomes now. [ErrClosed] after Close: use [Hold] then.
func (w *Writer) Note(e Entry) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	return w.note(e)
}

func (w *Writer) note(e Entry) error {
	if e.Wall.IsZero() {
		e.Wall = w.cfg.Now()
	}
	err := w.journal.add(e)
	if errors.Is(err, debrief.ErrDiskFull) {
		os.Remove(filepath.Join(w.dir, ballastName))
		err = w.journal.add(e)
	}
	if err != nil && w.err == nil {
		w.err = err
	}
	return err
}

// run syncs until Close.
func (w *Writer) run() {
	defer close(w.stopped)
	tick := time.NewTicker(w.cfg.SyncEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-w.stop:
			return
		}
		if err := w.Sync(); err != nil {
			w.mu.Lock()
			if w.err == nil {
				w.err = err
			}
			w.fail()
			w.mu.Unlock()
		}
	}
}

// Sync makes everything appended and noted so far durable, and finishes full segments.
// It blocks for the disk, so it is not called from the goroutine that appends.
func (w *Writer) Sync() error {
	w.syncing.Lock()
	defer w.syncing.Unlock()
	for {
		w.mu.Lock()
		if len(w.full) == 0 {
			break // with mu held
		}
		seg := w.full[0]
		w.mu.Unlock()
		if err := w.finish(seg); err != nil {
			return err
		}
		w.mu.Lock()
		w.full = w.full[1:]
		w.mu.Unlock()
	}
	cur, end := w.cur, w.samples
	var n debrief.Samples
	if cur != nil {
		n = cur.n
	}
	w.mu.Unlock()

	if cur != nil {
		if err := cur.sync(n); err != nil {
			return err
		}
		// The name of a new file is durable only with its directory.
		if !cur.named {
			if err := syncDir(w.dir); err != nil {
				return err
			}
			cur.named = true
		}
	}
	if err := w.journal.f.Sync(); err != nil {
		return fmt.Errorf("sync journal: %w", diskError(err))
	}
	w.mu.Lock()
	w.safe = max(w.safe, end)
	w.mu.Unlock()
	return nil
}

// finish completes one segment and notes it.
func (w *Writer) finish(seg *segment) error {
	done, err := seg.finish(w.dir)
	if err != nil || done.Samples == 0 {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.safe = max(w.safe, done.Start+done.Samples)
	return w.note(Entry{Kind: KindSegment, Segment: &done})
}

// Close finishes the last segment, notes the end and releases the recording. When the disk was
// full, everything appended before is kept all the same. A second Close does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	w.mu.Unlock()
	close(w.stop)
	<-w.stopped
	defer w.release()

	w.mu.Lock()
	if w.cur != nil {
		w.full, w.cur = append(w.full, w.cur), nil
	}
	if w.err == nil {
		w.err = ErrClosed
	} else {
		w.fail()
	}
	w.mu.Unlock()
	if err := w.Sync(); err != nil {
		return fmt.Errorf("close recording: %w", err)
	}
	w.mu.Lock()
	err := w.note(Entry{Kind: KindEnd, At: w.samples})
	w.mu.Unlock()
	if err != nil {
		return fmt.Errorf("close recording: %w", err)
	}
	if err := w.journal.f.Sync(); err != nil {
		return fmt.Errorf("close recording: %w", diskError(err))
	}
	os.Remove(filepath.Join(w.dir, ballastName)) // of no use any more; a left one harms nobody
	return nil
}

// ErrClosed is returned by a writer after Close.
var ErrClosed = errors.New("recording is closed")
