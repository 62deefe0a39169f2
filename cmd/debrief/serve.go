//go:build !recorder

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"debrief"
	"debrief/internal/audio"
	"debrief/pipeline"
	"debrief/pipeline/intake"
	"debrief/review"
	"debrief/review/demo"
	"debrief/summarize"

	"github.com/urfave/cli/v2"
)

const (
	defaultAddr = "127.0.0.1:8080"
	// headerTimeout ends connections that never ask for anything; answers may take their time,
	// because a recording is listened to for an hour over one connection.
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 5 * time.Second // for answers under way when the server is stopped
	// soundCache holds decoded audio: one segment of a minute takes 2 MB, and every listener needs two.
	soundCache = 64 << 20
)

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "show the coach's page: hear, read and check the recordings",
		Description: "Serves the page on this machine only: it has no sign-in, so it answers to no other.\n" +
			"Recordings uploaded there are worked on here, as debrief batch does.\n" +
			"--demo shows invented clients and touches no store.",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "addr", Usage: "`HOST:PORT` to listen on, a loopback address", Value: defaultAddr, EnvVars: []string{"DEBRIEF_ADDR"}},
			&cli.BoolFlag{Name: "demo", Usage: "show invented clients instead of a store"},
			uploadsFlag(),
			promptsFlag(),
		}, append(storeFlags(), engineFlags()...)...),
		Action: serve,
	}
}

func serve(c *cli.Context) error {
	if c.Args().Present() {
		return usageError(fmt.Sprintf("serve takes no argument, got %q", c.Args().First()), "")
	}
	if err := loopback(c.String("addr")); err != nil {
		return err
	}
	config, err := reviewConfig(c)
	if err != nil {
		return err
	}
	var work []func(context.Context)
	if !c.Bool("demo") {
		lib, err := openLibrary(c)
		if err != nil {
			return err
		}
		b := &bench{c: c, library: lib}
		in, err := openIntake(c, b)
		if err != nil {
			return err
		}
		defer in.Close()
		renewer, err := openRenewer(c, b)
		if err != nil {
			return err
		}
		config.Intake, config.Changed = in, renewer.Changed
		work = append(work, in.Run, renewer.Run)
	}
	page, err := review.New(config)
	if err != nil {
		return err
	}
	page.Warm()
	listener, err := net.Listen("tcp", c.String("addr"))
	if err != nil {
		return debrief.WithHint(fmt.Errorf("listen on %s: %w", c.String("addr"), err),
			"another program may use the port; choose one with --addr 127.0.0.1:8081")
	}
	fmt.Fprintf(c.App.Writer, "the coach's page: http://%s/ (Ctrl-C ends it)\n", listener.Addr())
	ctx, stop := context.WithCancel(c.Context)
	var g sync.WaitGroup
	for _, run := range work {
		g.Go(func() { run(ctx) })
	}
	err = listen(ctx, listener, page)
	stop()
	g.Wait() // a step that is being stored is stored, or is not begun
	return err
}

// listen serves until the context ends, which ends every answer under way as well.
func listen(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	stopped := make(chan error, 1)
	defer context.AfterFunc(ctx, func() {
		rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- server.Shutdown(rest)
	})()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return <-stopped
}

// loopback refuses addresses other machines can reach.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return usageError(fmt.Sprintf("address %q is no HOST:PORT", addr), "e.g. --addr "+defaultAddr)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return usageError(fmt.Sprintf("address %s can be reached by other machines, and the page has no sign-in", addr),
		"listen on "+defaultAddr+" and reach it through an SSH tunnel")
}

func reviewConfig(c *cli.Context) (review.Config, error) {
	scheme, err := loadScheme(c)
	if err != nil {
		return review.Config{}, err
	}
	course, err := courseOf(scheme)
	if err != nil {
		return review.Config{}, err
	}
	config := review.Config{
		Scheme: scheme, Verify: summarize.Verify, Course: course,
		Hosts: []string{"127.0.0.1", "localhost", "::1"}, Log: slog.Default(),
		Limits: review.UploadLimits{Bytes: intake.MaxBytes, Chunk: intake.Chunk, Types: pipeline.Extensions()},
	}
	if c.Bool("demo") {
		invented, err := demo.New(scheme)
		if err != nil {
			return review.Config{}, err
		}
		config.Catalogue, config.Library, config.Sound = invented, invented, invented
		config.Intake, config.Demo = demo.NewWork(time.Now()), true
		return config, nil
	}
	lib, err := openLibrary(c)
	if err != nil {
		return review.Config{}, err
	}
	shelf := shelf{library{lib}, audio.NewCache(soundCache)}
	config.Catalogue, config.Library, config.Sound = shelf, shelf, shelf
	return config, nil
}

// courseOf puts a client's recordings side by side, by meaning where the sentence encoder is
// installed and otherwise by words alone: the page is worth having without it.
func courseOf(scheme debrief.Scheme) (func(context.Context, debrief.ClientID, []review.Told) (*debrief.Course, error), error) {
	config := summarize.CourseConfig{Scheme: scheme}
	embedder, err := openEmbedder()
	switch {
	case err == nil:
		config.Embedder = embedder
	case !errors.Is(err, debrief.ErrModel):
		return nil, err
	}
	courses, err := summarize.NewCourses(config)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, client debrief.ClientID, told []review.Told) (*debrief.Course, error) {
		heard := make([]summarize.Heard, len(told))
		for i, t := range told {
			heard[i] = summarize.Heard(t)
		}
		return courses.Build(ctx, client, heard)
	}, nil
}

// shelf fits the store to what the coach's page needs of it.
type shelf struct {
	library
	cache *audio.Cache
}

var (
	_ review.Catalogue = shelf{}
	_ review.Library   = shelf{}
	_ review.Sound     = shelf{}
)

// Client returns the name and time zone where somebody wrote them down.
func (s shelf) Client(ctx context.Context, id debrief.ClientID) (debrief.Client, error) {
	c, _, err := s.LoadClient(ctx, id)
	if err != nil {
		return debrief.Client{}, err
	}
	return *c, nil
}

// SaveReview writes what people did to a recording, if nobody did anything in the meantime.
func (s shelf) SaveReview(ctx context.Context, rec *debrief.Recording, r *debrief.Review, version string) (string, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("write the review of %s: %w", rec.ID, err)
	}
	return s.library.SaveReview(ctx, rec.Client, rec.ID, data, version)
}

// Peaks returns the outline that is kept of a recording's sound.
func (s shelf) Peaks(ctx context.Context, rec *debrief.Recording) (*audio.Peaks, error) {
	peaks, _, err := s.LoadPeaks(ctx, rec.Client, rec.ID)
	return peaks, err
}

// KeepPeaks keeps the outline. Another server may have been quicker: then its outline is as good.
func (s shelf) KeepPeaks(ctx context.Context, rec *debrief.Recording, peaks *audio.Peaks) error {
	_, version, err := s.LoadPeaks(ctx, rec.Client, rec.ID)
	if err != nil && !errors.Is(err, debrief.ErrNotFound) {
		return err
	}
	if _, err = s.SavePeaks(ctx, rec.Client, rec.ID, peaks, version); errors.Is(err, debrief.ErrConflict) {
		return nil
	}
	return err
}

// Open returns the sound of a recording as one WAV file.
func (s shelf) Open(ctx context.Context, rec *debrief.Recording) (io.ReadSeeker, error) {
	return audio.NewWAV(ctx, rec.Segments, s.cache, func(ctx context.Context, index int) (io.ReadCloser, error) {
		return s.OpenSegment(ctx, rec.Client, rec.ID, index)
	})
}
