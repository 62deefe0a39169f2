package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"debrief"
	"debrief/internal/bench/figure"
	"debrief/transcribe"
)

// rounds is how often two ways are measured in turn, so that whatever else the machine does
// falls on both alike.
const rounds = 3

// asrWorkers compares two sessions of the recogniser with one, by the clock on the wall: on the
// islands of speech alone, which is what sessions share, and from sound to transcript. There one
// session is not alone on one core: the detector of speech runs beside it and is ahead of it, so two
// can gain less.
func asrWorkers(ctx context.Context, b *bed) ([]figure.Figure, error) {
	var all spoken
	for _, j := range join(b.set) {
		all.pcm = append(all.pcm, j.pcm...)
	}
	alone, err := compareWorkers(func(workers int) (func() error, func(), error) {
		engine, err := transcribe.NewMoonshine(transcribe.MoonshineConfig{Models: b.models, Workers: workers})
		if err != nil {
			return nil, nil, err
		}
		k := &keeper{Engine: engine}
		t, err := transcribe.New(transcribe.Config{Models: b.models, Engine: k})
		if err != nil {
			return nil, nil, errors.Join(err, engine.Close())
		}
		if _, err := hear(ctx, t, all); err != nil { // it only takes the chunks down
			return nil, nil, err
		}
		return func() error { return k.recognise(ctx) }, func() { t.Close(); engine.Close() }, nil
	})
	if err != nil {
		return nil, err
	}
	whole, err := compareWorkers(func(workers int) (func() error, func(), error) {
		t, done, err := local(workers)
		return func() error { _, err := hear(ctx, t, all); return err }, done, err
	})
	if err != nil {
		return nil, err
	}
	sessions := figure.AtLeast("two sessions over one", alone.ratio, 1.6, "x wall speed")
	sessions.Note = alone.note
	return []figure.Figure{sessions, figure.Told("  from sound to transcript", whole.ratio, "x wall speed", whole.note)}, nil
}

type comparison struct {
	ratio float64
	note  string
}

// compareWorkers times work with one worker and with two, in turn, and compares the best of each.
func compareWorkers(open func(workers int) (work func() error, done func(), err error)) (comparison, error) {
	least := map[int]time.Duration{}
	var others float64
	for range rounds {
		for _, workers := range []int{1, 2} {
			work, done, err := open(workers)
			if err != nil {
				return comparison{}, err
			}
			watch := watchMachine()
			err = work()
			wall, share := watch()
			done()
			if err != nil {
				return comparison{}, err
			}
			if best, ok := least[workers]; !ok || wall < best {
				least[workers] = wall
			}
			others = max(others, share)
		}
	}
	return comparison{
		least[1].Seconds() / least[2].Seconds(),
		fmt.Sprintf("%.1f s to %.1f s, best of %d rounds; %s", least[1].Seconds(), least[2].Seconds(), rounds, disturbed(others)),
	}, nil
}

// keeper takes down the chunks a recording is cut into, and has the engine hear them afterwards.
type keeper struct {
	transcribe.Engine
	mu     sync.Mutex
	chunks []*transcribe.Chunk
}

func (k *keeper) Recognise(_ context.Context, c *transcribe.Chunk) (*transcribe.Heard, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.chunks = append(k.chunks, c)
	return &transcribe.Heard{Language: "en"}, nil
}

func (k *keeper) recognise(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(k.Capabilities().Parallel)
	for _, c := range k.chunks {
		group.Go(func() error { _, err := k.Engine.Recognise(ctx, c); return err })
	}
	return group.Wait()
}

// watchMachine starts a stopwatch. share is how much of the machine others used meanwhile, 0 to 1.
func watchMachine() (stop func() (wall time.Duration, share float64)) {
	start, mine, all := time.Now(), cpu(), machineCPU()
	return func() (time.Duration, float64) {
		wall := time.Since(start)
		used := (machineCPU() - all) - (cpu() - mine)
		return wall, max(0, used.Seconds()) / (wall.Seconds() * float64(cores()))
	}
}

func disturbed(share float64) string {
	if share < 0.05 {
		return "machine otherwise idle"
	}
	return fmt.Sprintf("DISTURBED: others used up to %.0f %% of the machine", 100*share)
}

// machineCPU is the processor time all processes have used, from /proc/stat; 0 where there is none.
func machineCPU() time.Duration {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(line)
	var ticks int64
	for i, f := range fields[min(1, len(fields)):] {
		if n, err := strconv.ParseInt(f, 10, 64); err == nil && i != 3 && i != 4 && i < 8 { // idle, waiting for a disk, and what is counted elsewhere
			ticks += n
		}
	}
	return time.Duration(ticks) * (time.Second / 100) // USER_HZ is 100 on every Linux Go runs on
}

func cores() int {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 1
	}
	return max(1, strings.Count(string(b), "\ncpu"))
}

// slow is an API that takes a second for a chunk and gives no times, so that chunks are short.
type slow struct{ asked *atomic.Int64 }

func (slow) Name() string { return "slow" }
func (slow) Sent() string { return "" }
func (slow) Capabilities() transcribe.Capabilities {
	return transcribe.Capabilities{Known: true, MaxSeconds: 600, MaxBytes: 25 << 20, Parallel: 8}
}
func (s slow) Recognise(ctx context.Context, c *transcribe.Chunk) (*transcribe.Heard, error) {
	s.asked.Add(1)
	select {
	case <-time.After(time.Second):
		return &transcribe.Heard{Passages: []transcribe.Passage{{Text: "It took a second."}}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// asrHour sends an hour through an API that takes a second for each chunk. That no slot stands
// idle is proved by a test of package transcribe; here the sound is really listened to as well.
func asrHour(ctx context.Context, b *bed) ([]figure.Figure, error) {
	hour := func() transcribe.Audio {
		l := &looped{left: 3600 * debrief.SampleRate}
		for _, j := range join(b.set) {
			l.pcm = append(l.pcm, j.pcm...)
		}
		return l
	}
	hear := func(e transcribe.Engine) (time.Duration, float64, error) {
		t, err := transcribe.New(transcribe.Config{Models: b.models, Engine: e})
		if err != nil {
			return 0, 0, err
		}
		defer t.Close()
		watch := watchMachine()
		_, err = t.Transcribe(ctx, transcribe.Request{Audio: hour()})
		wall, share := watch()
		return wall, share, err
	}
	f, err := transcribe.NewForecaster(b.models, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	watch := watchMachine()
	if _, err := f.Forecast(ctx, hour()); err != nil {
		return nil, err
	}
	listening, before := watch()
	asked := &atomic.Int64{}
	wall, during, err := hear(slow{asked})
	if err != nil {
		return nil, err
	}
	api := math.Ceil(float64(asked.Load()) / 8)
	ideal := max(api, listening.Seconds())
	ratio := figure.AtMost("an hour through an API of 1 s a chunk, 8 at once", wall.Seconds()/ideal, 1.15, "x the ideal schedule")
	ratio.Note = fmt.Sprintf("%.1f s; %d chunks need %.0f s, listening alone %.1f s; %s", wall.Seconds(), asked.Load(), api, listening.Seconds(), disturbed(slices.Max([]float64{before, during})))
	return []figure.Figure{ratio}, nil
}
