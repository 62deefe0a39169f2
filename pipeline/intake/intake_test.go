package intake

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"debrief"
	"debrief/pipeline"
)

// bench stands for the pipeline: what it does with a file is told by the test.
type bench struct {
	mu        sync.Mutex
	took      [][]byte // what the files held
	names     []string
	discarded []debrief.RecordingID
	steps     []func(ctx context.Context, w pipeline.Watcher) error // one a call; none left is success
}

func (b *bench) open(string, bool) (Worker, error) { return b, nil }

func (b *bench) work(ctx context.Context, w pipeline.Watcher, res pipeline.Result) pipeline.Result {
	b.mu.Lock()
	var do func(context.Context, pipeline.Watcher) error
	if len(b.steps) > 0 {
		do, b.steps = b.steps[0], b.steps[1:]
	}
	b.mu.Unlock()
	res.Outcome = pipeline.Done
	if do != nil {
		if res.Err = do(ctx, w); res.Err != nil {
			res.Outcome = pipeline.Failed
		}
	}
	return res
}

func (b *bench) Take(ctx context.Context, path, name string, to pipeline.Target, w pipeline.Watcher) pipeline.Result {
	data, err := os.ReadFile(path)
	if err != nil {
		return pipeline.Result{Err: err}
	}
	b.mu.Lock()
	b.took, b.names = append(b.took, data), append(b.names, name)
	b.mu.Unlock()
	return b.work(ctx, w, pipeline.Result{Recording: &debrief.Recording{ID: "01HZZZZZZZZZZZZZZZZZZZZZZZ", Client: to.Client}})
}

func (b *bench) Finish(ctx context.Context, client debrief.ClientID, id debrief.RecordingID, w pipeline.Watcher) pipeline.Result {
	return b.work(ctx, w, pipeline.Result{Recording: &debrief.Recording{ID: id, Client: client}})
}

func open(t testing.TB, dir string, b *bench) *Intake {
	t.Helper()
	in, err := New(Config{
		Dir: dir, Open: b.open,
		Confirm: func(context.Context, *debrief.Recording) error { return nil },
		Discard: func(_ context.Context, _ debrief.ClientID, id debrief.RecordingID) error {
			b.discarded = append(b.discarded, id)
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}

var memo = debrief.Job{File: "memo.wav", Mark: "m", Client: "c01", Session: 1, Phase: debrief.Followup}

// send begins an upload and sends what is not there yet, up to an offset.
func send(t testing.TB, in *Intake, data []byte, to int64) debrief.Job {
	t.Helper()
	asked := memo
	asked.Bytes = int64(len(data))
	job, err := in.Begin(t.Context(), asked)
	for err == nil && job.Received < to {
		end := min(to, job.Received+Chunk)
		job, err = in.Append(t.Context(), job.ID, job.Received, data[job.Received:end])
	}
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// work runs the queue until a job is in a state.
func work(t testing.TB, in *Intake, id debrief.JobID, want debrief.JobState) debrief.Job {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var g sync.WaitGroup
	g.Go(func() { in.Run(ctx) })
	defer g.Wait()
	defer stop()
	for {
		jobs, changed := in.Jobs()
		for _, j := range jobs {
			if j.ID == id && j.State == want {
				return j
			}
		}
		<-changed
	}
}

// pattern is bytes of which no two chunks are the same.
func pattern(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i ^ i>>11)
	}
	return out
}

func TestUpload(t *testing.T) {
	data := pattern(2*Chunk + 17)
	t.Run("ArrivesAndIsWorkedOn", func(t *testing.T) {
		b, dir := &bench{}, t.TempDir()
		in := open(t, dir, b)
		job := send(t, in, data, int64(len(data)))
		if job.State != debrief.Queued {
			t.Fatalf("a whole upload is %s", job.State)
		}
		done := work(t, in, job.ID, debrief.Finished)
		if len(b.took) != 1 || !bytes.Equal(b.took[0], data) || b.names[0] != "memo.wav" {
			t.Error("the pipeline did not get the file as it was sent")
		}
		if done.Recording == "" || done.Outcome != "done" {
			t.Errorf("it ended as %+v", done)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "*", "sound*")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %q, %v", left, err)
		}
	})
	t.Run("GoesOnAfterTheProcessEnded", func(t *testing.T) {
		b, dir := &bench{}, t.TempDir()
		in := open(t, dir, b)
		first := send(t, in, data, 2*Chunk)
		// What a power cut may leave: bytes nobody was told about.
		f, err := os.OpenFile(in.sound(&first), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(make([]byte, 11)); err != nil {
			t.Fatal(err)
		}
		f.Close()
		in.Close()
		in = open(t, dir, b)
		again := send(t, in, data, 0)
		if again.ID != first.ID || again.Received == 0 || again.Received > 2*Chunk {
			t.Fatalf("taken up again as %+v", again)
		}
		work(t, in, send(t, in, data, int64(len(data))).ID, debrief.Finished)
		if !bytes.Equal(b.took[0], data) {
			t.Error("the file is another one now")
		}
	})
	t.Run("AnotherOffsetIsAConflict", func(t *testing.T) {
		in := open(t, t.TempDir(), &bench{})
		job := send(t, in, data, Chunk)
		for _, at := range []int64{0, Chunk - 1, Chunk + 1} {
			if now, err := in.Append(t.Context(), job.ID, at, data[:5]); !errors.Is(err, debrief.ErrConflict) || now.Received != Chunk {
				t.Errorf("at %d: %v, at %d", at, err, now.Received)
			}
		}
	})
	t.Run("TooMuchIsRefused", func(t *testing.T) {
		in := open(t, t.TempDir(), &bench{})
		job := send(t, in, data[:100], 90)
		if _, err := in.Append(t.Context(), job.ID, 90, data[:11]); !errors.Is(err, debrief.ErrInvalid) {
			t.Errorf("one byte too many: %v", err)
		}
	})
	t.Run("CancelRemovesIt", func(t *testing.T) {
		dir := t.TempDir()
		in := open(t, dir, &bench{})
		job := send(t, in, data, Chunk)
		if _, err := in.Act(t.Context(), job.ID, debrief.JobCancel); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Append(t.Context(), job.ID, Chunk, data[:1]); !errors.Is(err, debrief.ErrNotFound) {
			t.Errorf("after it was cancelled: %v", err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "0*")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %q, %v", left, err)
		}
	})
	t.Run("TwoAtOnceLoseNothing", func(t *testing.T) {
		b := &bench{}
		in := open(t, t.TempDir(), b)
		job := send(t, in, data, 0)
		var g sync.WaitGroup
		for range 4 { // as when a browser tries again while its first request is still on its way
			g.Go(func() {
				for at := int64(0); at < int64(len(data)); {
					now, err := in.Append(context.Background(), job.ID, at, data[at:min(int64(len(data)), at+Chunk)])
					if err != nil && !errors.Is(err, debrief.ErrConflict) {
						t.Error(err)
						return
					}
					at = now.Received
				}
			})
		}
		g.Wait()
		work(t, in, job.ID, debrief.Finished)
		if !bytes.Equal(b.took[0], data) {
			t.Error("the file is another one now")
		}
	})
}

func TestBeginRefuses(t *testing.T) {
	in := open(t, t.TempDir(), &bench{})
	for name, change := range map[string]func(*debrief.Job){
		"NoName":         func(j *debrief.Job) { j.File = "" },
		"NoNameInAPath":  func(j *debrief.Job) { j.File = `C:\sound\..` },
		"NoBytes":        func(j *debrief.Job) { j.Bytes = 0 },
		"TooLarge":       func(j *debrief.Job) { j.Bytes = MaxBytes + 1 },
		"NoMark":         func(j *debrief.Job) { j.Mark = "" },
		"ClientAsAPath":  func(j *debrief.Job) { j.Client = "../c01" },
		"NoTreatment":    func(j *debrief.Job) { j.Session = 0 },
		"UnknownPhase":   func(j *debrief.Job) { j.Phase = "after" },
		"UnknownSpeaker": func(j *debrief.Job) { j.Speakers = "three" },
	} {
		t.Run(name, func(t *testing.T) {
			job := memo
			job.Bytes = 1
			change(&job)
			if _, err := in.Begin(t.Context(), job); !errors.Is(err, debrief.ErrInvalid) {
				t.Errorf("got %v", err)
			}
		})
	}
	if jobs, _ := in.Jobs(); len(jobs) != 0 {
		t.Errorf("%d jobs are left of what was refused", len(jobs))
	}
}

func TestWork(t *testing.T) {
	data := pattern(100)
	t.Run("FailureSaysWhyAndIsTriedAgain", func(t *testing.T) {
		b := &bench{steps: []func(context.Context, pipeline.Watcher) error{
			func(context.Context, pipeline.Watcher) error { return debrief.ErrModel },
		}}
		in := open(t, t.TempDir(), b)
		id := send(t, in, data, 100).ID
		if j := work(t, in, id, debrief.Failed); j.Reason != debrief.ReasonModel {
			t.Errorf("failed for %q", j.Reason)
		}
		if _, err := in.Act(t.Context(), id, debrief.JobRetry); err != nil {
			t.Fatal(err)
		}
		work(t, in, id, debrief.Finished)
		if _, err := in.Act(t.Context(), id, debrief.JobCancel); !errors.Is(err, debrief.ErrConflict) {
			t.Errorf("cancelled after it had ended: %v", err)
		}
	})
	t.Run("UnreachableIsTriedAgainByItself", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			gone := func(context.Context, pipeline.Watcher) error { return debrief.ErrUnavailable }
			b := &bench{steps: []func(context.Context, pipeline.Watcher) error{gone, gone}}
			in := open(t, t.TempDir(), b)
			id := send(t, in, data, 100).ID
			began := time.Now()
			work(t, in, id, debrief.Finished)
			if waited := time.Since(began); waited != 3*retryFirst {
				t.Errorf("came through after %v, want %v", waited, 3*retryFirst)
			}
		})
	})
	t.Run("CancelStopsAndKeeps", func(t *testing.T) {
		under := make(chan bool)
		b := &bench{steps: []func(context.Context, pipeline.Watcher) error{func(ctx context.Context, w pipeline.Watcher) error {
			w.Heard("", 5, 10)
			under <- true
			<-ctx.Done()
			return ctx.Err()
		}}}
		in := open(t, t.TempDir(), b)
		id := send(t, in, data, 100).ID
		go func() {
			<-under
			if _, err := in.Act(context.Background(), id, debrief.JobCancel); err != nil {
				t.Error(err)
			}
		}()
		work(t, in, id, debrief.Cancelled)
		if len(b.discarded) > 0 {
			t.Error("what was stored until then is gone, though it may be tried again")
		}
		if _, err := in.Act(t.Context(), id, debrief.JobRetry); err != nil {
			t.Fatal(err)
		}
		work(t, in, id, debrief.Finished)
		if len(b.took) != 2 || !bytes.Equal(b.took[1], data) {
			t.Error("the file was not kept")
		}
	})
	t.Run("TheNextProcessGoesOn", func(t *testing.T) {
		under, dir := make(chan bool, 1), t.TempDir()
		b := &bench{steps: []func(context.Context, pipeline.Watcher) error{func(ctx context.Context, _ pipeline.Watcher) error {
			under <- true
			<-ctx.Done()
			return ctx.Err()
		}}}
		in := open(t, dir, b)
		id := send(t, in, data, 100).ID
		ctx, stop := context.WithCancel(t.Context())
		var g sync.WaitGroup
		g.Go(func() { in.Run(ctx) })
		<-under
		stop()
		g.Wait()
		in.Close()
		in = open(t, dir, b)
		if jobs, _ := in.Jobs(); len(jobs) != 1 || jobs[0].State != debrief.Queued || !jobs[0].Resumed || jobs[0].Place != 1 {
			t.Fatalf("the next process finds %+v", jobs)
		}
		work(t, in, id, debrief.Finished)
	})
	t.Run("TheFileStaysUntilTheStoreHasIt", func(t *testing.T) {
		dir := t.TempDir()
		in := open(t, dir, &bench{})
		in.Confirm = func(context.Context, *debrief.Recording) error { return debrief.ErrConflict }
		id := send(t, in, data, 100).ID
		work(t, in, id, debrief.Failed)
		if left, err := filepath.Glob(filepath.Join(dir, "*", "sound*")); err != nil || len(left) != 1 {
			t.Errorf("left: %q, %v", left, err)
		}
	})
	t.Run("RemovingLeavesNothingInTheStore", func(t *testing.T) {
		b := &bench{steps: []func(context.Context, pipeline.Watcher) error{
			func(context.Context, pipeline.Watcher) error { return debrief.ErrDenied },
		}}
		in := open(t, t.TempDir(), b)
		id := send(t, in, data, 100).ID
		work(t, in, id, debrief.Failed)
		if _, err := in.Act(t.Context(), id, debrief.JobRemove); err != nil {
			t.Fatal(err)
		}
		if len(b.discarded) != 1 {
			t.Errorf("discarded: %v", b.discarded)
		}
	})
	t.Run("AStoredRecording", func(t *testing.T) {
		in := open(t, t.TempDir(), &bench{})
		rec := &debrief.Recording{ID: "01HYYYYYYYYYYYYYYYYYYYYYYY", Client: "c02", Session: 2, Phase: debrief.Immediate}
		job, err := in.Process(t.Context(), rec)
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := in.Process(t.Context(), rec); err != nil || twice.ID != job.ID {
			t.Errorf("asked twice: %v, %v", twice.ID, err)
		}
		work(t, in, job.ID, debrief.Finished)
	})
}

func TestOneProcessHasAFolder(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, &bench{})
	config := in.Config
	if _, err := New(config); !errors.Is(err, debrief.ErrConflict) {
		t.Fatalf("a second process got %v", err)
	}
	in.Close()
	second, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
}

func TestClean(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	in := open(t, dir, &bench{})
	in.Now = func() time.Time { return now }
	job := send(t, in, pattern(100), 50)
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{keepUnfinished, 1}, {time.Minute, 0}} {
		now = now.Add(c.after)
		in.clean(t.Context())
		if jobs, _ := in.Jobs(); len(jobs) != c.left {
			t.Errorf("at %v: %d jobs are left, want %d", now, len(jobs), c.left)
		}
	}
	if _, err := os.Stat(in.dir(job.ID)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its folder: %v", err)
	}
}
