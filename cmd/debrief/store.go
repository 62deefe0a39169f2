package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"debrief"
	"debrief/storage"

	"github.com/urfave/cli/v2"
)

func storeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "store", Usage: "`PATH` or s3://bucket/prefix where recordings are kept", EnvVars: []string{"DEBRIEF_STORE"}, DefaultText: "debrief in the user's data directory"},
		&cli.StringFlag{Name: "s3-endpoint", Usage: "`URL` of an S3-compatible server (default: AWS; keys from the AWS_* variables)", EnvVars: []string{"DEBRIEF_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}},
	}
}

// openLibrary opens the store the user named, or the folder in the user's data directory.
func openLibrary(c *cli.Context) (*storage.Library, error) {
	where, err := storeAddress(c)
	if err != nil {
		return nil, err
	}
	b, err := storage.Open(c.Context, where, storage.S3Options{Endpoint: c.String("s3-endpoint")})
	if err != nil {
		return nil, inStore(err)
	}
	return storage.NewLibrary(b), nil
}

// storeAddress is the store the user named; a folder by its whole path.
func storeAddress(c *cli.Context) (string, error) {
	where := c.String("store")
	switch {
	case where == "":
		dir, err := dataDir()
		return filepath.Join(dir, "store"), err
	case strings.Contains(where, "://"):
		return where, nil
	}
	return filepath.Abs(where)
}

// inStore marks an error as the store's, whatever its kind: a wrong key is no wrong flag.
func inStore(err error) error {
	return debrief.WithHint(storeError{err}, debrief.Hint(err))
}

type storeError struct{ error }

func (s storeError) Unwrap() error        { return s.error }
func (s storeError) Is(target error) bool { return target == errStore }

// dataDir is debrief's folder by the XDG base directory specification.
func dataDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "debrief"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", debrief.WithHint(fmt.Errorf("find the user's data directory: %w", err), "say where with --store PATH")
	}
	return filepath.Join(home, ".local", "share", "debrief"), nil
}
