package models

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"debrief"
)

// sumsFile records the hash of every prepared file, in the format of sha256sum(1).
const sumsFile = "SHA256SUMS"

// record writes the hashes of the files as they are.
func (d Dir) record() error {
	var sums strings.Builder
	for _, name := range files() {
		sum, err := d.hash(name)
		if err != nil {
			return fmt.Errorf("record hashes: %w", err)
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, name)
	}
	if err := os.WriteFile(d.path(sumsFile), []byte(sums.String()), 0o644); err != nil {
		return fmt.Errorf("record hashes: %w", err)
	}
	return nil
}

// Verify compares every file with the hash recorded when it was prepared; the error names all
// that differ and wraps [debrief.ErrModel].
func (d Dir) Verify(ctx context.Context) error {
	want, err := d.recorded()
	if err != nil {
		return again(fmt.Errorf("verify models in %s: %w: %w", d.root, debrief.ErrModel, err))
	}
	var bad error
	for _, name := range files() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("verify models: %w", err)
		}
		sum, err := d.hash(name)
		switch {
		case err != nil:
			bad = errors.Join(bad, err)
		case want[name] == "":
			bad = errors.Join(bad, fmt.Errorf("%s: no hash recorded", name))
		case sum != want[name]:
			bad = errors.Join(bad, fmt.Errorf("%s: changed since it was prepared", name))
		}
	}
	if bad != nil {
		return again(fmt.Errorf("verify models in %s: %w: %w", d.root, debrief.ErrModel, bad))
	}
	return nil
}

func again(err error) error {
	return debrief.WithHint(err, "delete the folder and run make setup")
}

// recorded reads the hashes by file name.
func (d Dir) recorded() (map[string]string, error) {
	b, err := os.ReadFile(d.path(sumsFile))
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(string(b)))
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || len(sum) != hex.EncodedLen(sha256.Size) {
			return nil, fmt.Errorf("%s: line %q is not a hash and a name", sumsFile, lines.Text())
		}
		sums[name] = sum
	}
	return sums, lines.Err()
}

func (d Dir) hash(name string) (string, error) {
	f, err := os.Open(d.path(name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
